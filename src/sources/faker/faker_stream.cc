#include "sources/faker/faker_stream.h"

#include <arrow/type.h>

#include <nlohmann/json.hpp>

namespace millrace {
namespace {

// 2024-01-01T00:00:00Z: after everything that made-up people did.
constexpr WallTime kFixedUpdate{std::chrono::microseconds(1704067200LL * 1000000)};

Json SchemaJson(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::INT64:
      return Json{{"type", "integer"}};
    case arrow::Type::DOUBLE:
      return Json{{"type", "number"}};
    case arrow::Type::TIMESTAMP:
      return Json{
          {"type", "string"}, {"format", "date-time"}, {"airbyte_type", "timestamp_with_timezone"}};
    case arrow::Type::STRUCT: {
      Json properties = Json::object();
      for (const auto& field : type.fields())
        properties[field->name()] = SchemaJson(*field->type());
      return Json{{"type", "object"}, {"properties", std::move(properties)}};
    }
    default:
      return Json{{"type", "string"}};
  }
}

// Airbyte's declaration: a column that is never null says so, unlike JsonSchemaOf's.
Json SchemaJson(const arrow::Schema& schema) {
  Json properties = Json::object();
  for (const auto& field : schema.fields()) {
    Json column = SchemaJson(*field->type());
    if (field->nullable()) column["type"] = Json::array({"null", column["type"]});
    properties[field->name()] = std::move(column);
  }
  return Json{{"$schema", "http://json-schema.org/draft-07/schema#"},
              {"type", "object"},
              {"properties", std::move(properties)}};
}

}  // namespace

WallTime FakerRowRule::UpdatedAt(int64_t id) const {
  return updated_at ? *updated_at : kFixedUpdate + std::chrono::milliseconds(id);
}

Stream FakerStream::Describe() const {
  Stream stream;
  stream.descriptor.name = name();
  stream.json_schema = SchemaJson(*schema());
  stream.supported_sync_modes = {SyncMode::kFullRefresh, SyncMode::kIncremental};
  stream.source_defined_cursor = true;
  stream.default_cursor_field = {"updated_at"};
  stream.source_defined_primary_key = {{"id"}};
  stream.is_resumable = true;
  return stream;
}

const FakerStream* FakerStream::Find(std::string_view name) {
  for (const FakerStream* stream : {&Users(), &Products(), &Purchases()}) {
    if (stream->name() == name) return stream;
  }
  return nullptr;
}

}  // namespace millrace
