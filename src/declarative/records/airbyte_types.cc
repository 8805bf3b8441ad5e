#include "declarative/records/airbyte_types.h"

namespace millrace {
namespace {

struct AirbyteType {
  std::string_view name, json_type, format, airbyte_type;
};

constexpr AirbyteType kAirbyteTypes[] = {
    {"string", "string", "", ""},
    {"boolean", "boolean", "", ""},
    {"date", "string", "date", ""},
    {"timestamp_without_timezone", "string", "date-time", "timestamp_without_timezone"},
    {"timestamp_with_timezone", "string", "date-time", ""},
    {"time_without_timezone", "string", "time", "time_without_timezone"},
    {"time_with_timezone", "string", "time", "time_with_timezone"},
    {"integer", "integer", "", ""},
    {"number", "number", "", ""},
    {"array", "array", "", ""},
    {"object", "object", "", ""},
};

}  // namespace

std::optional<PyValue> AirbyteTypeSchema(std::string_view name) {
  for (const AirbyteType& type : kAirbyteTypes) {
    if (type.name != name) continue;
    PyDict schema;
    schema.Append("type", PyValue::List({"null", PyValue(type.json_type)}));
    if (!type.format.empty()) schema.Append("format", PyValue(type.format));
    if (!type.airbyte_type.empty()) schema.Append("airbyte_type", PyValue(type.airbyte_type));
    return PyValue(std::move(schema));
  }
  return std::nullopt;
}

}  // namespace millrace
