#include <arrow/type.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "base/json.h"
#include "formats/avro_writer.h"

namespace millrace {
namespace {

Result<Json> TypeJson(const arrow::DataType& type, const std::string& path);

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

std::string AvroName(const std::string& name, std::set<std::string>& taken) {
  std::string fit;
  for (const char c : name) {
    const bool continuation = (static_cast<unsigned char>(c) & 0xC0) == 0x80;
    if (!continuation) fit += IsNameCharacter(c) ? c : '_';
  }
  if (fit.empty() || (fit[0] >= '0' && fit[0] <= '9')) fit.insert(fit.begin(), '_');
  std::string unique = fit;
  for (int count = 1; !taken.insert(unique).second; ++count) {
    unique = fmt::format("{}_{}", fit, count);
  }
  return unique;
}

Json LogicalSchema(const char* type, const char* logical) {
  return Json{{"type", type}, {"logicalType", logical}};
}

Result<Json> Record(const arrow::FieldVector& fields, const std::string& path) {
  Json record{{"type", "record"}, {"name", path}, {"fields", Json::array()}};
  std::set<std::string> taken;
  for (const auto& field : fields) {
    const std::string name = AvroName(field->name(), taken);
    auto type = TypeJson(*field->type(), path + "_" + name);
    if (!type.ok()) return type.status().WithContext("column " + field->name());
    Json entry{{"name", name}};
    if (field->nullable()) {
      entry["type"] = Json::array({"null", *std::move(type)});
      entry["default"] = nullptr;
    } else {
      entry["type"] = *std::move(type);
    }
    record["fields"].push_back(std::move(entry));
  }
  return record;
}

Json Decimal(const arrow::DataType& type) {
  const auto& decimal = static_cast<const arrow::DecimalType&>(type);
  Json json = LogicalSchema("bytes", "decimal");
  json["precision"] = decimal.precision();
  json["scale"] = decimal.scale();
  return json;
}

Result<Json> TypeJson(const arrow::DataType& type, const std::string& path) {
  switch (type.id()) {
    case arrow::Type::BOOL:
      return Json("boolean");
    case arrow::Type::INT8:
    case arrow::Type::INT16:
    case arrow::Type::INT32:
    case arrow::Type::INT64:
    case arrow::Type::UINT8:
    case arrow::Type::UINT16:
    case arrow::Type::UINT32:
      return Json("long");
    case arrow::Type::FLOAT:
      return Json("float");
    case arrow::Type::DOUBLE:
      return Json("double");
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
      return Json("string");
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::FIXED_SIZE_BINARY:
      return Json("bytes");
    case arrow::Type::DATE32:
      return LogicalSchema("int", "date");
    case arrow::Type::TIME64:
      return LogicalSchema("long", "time-micros");
    case arrow::Type::TIMESTAMP: {
      const auto unit = static_cast<const arrow::TimestampType&>(type).unit();
      return LogicalSchema(
          "long", unit == arrow::TimeUnit::MILLI ? "timestamp-millis" : "timestamp-micros");
    }
    case arrow::Type::DECIMAL128:
    case arrow::Type::DECIMAL256:
      return Decimal(type);
    case arrow::Type::LIST: {
      MR_ASSIGN_OR_RETURN(Json items, TypeJson(*type.field(0)->type(), path + "_item"));
      return Json{{"type", "array"}, {"items", Json::array({"null", std::move(items)})}};
    }
    case arrow::Type::STRUCT:
      return Record(type.fields(), path);
    default:
      return SystemError("Avro files can't hold the type {}", type.ToString());
  }
}

}  // namespace

Result<std::string> AvroSchemaText(const SchemaPtr& schema) {
  MR_ASSIGN_OR_RETURN(const Json record, Record(schema->fields(), "record"));
  return record.dump();
}

}  // namespace millrace
