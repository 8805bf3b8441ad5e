#include "connector/json_schema.h"

#include <arrow/type.h>
#include <arrow/type_traits.h>
#include <arrow/util/key_value_metadata.h>

#include <nlohmann/json.hpp>
#include <string>

#include "connector/number_type.h"

namespace millrace {
namespace {

Json Nullable(const char* type) { return Json{{"type", {"null", type}}}; }

Json Text(const char* format, const char* airbyte_type) {
  Json schema = Nullable("string");
  schema["format"] = format;
  if (airbyte_type != nullptr) schema["airbyte_type"] = airbyte_type;
  return schema;
}

Json NumberSchema(bool integer) {
  Json schema = Nullable("number");
  if (integer) schema["airbyte_type"] = "integer";
  return schema;
}

Json ObjectOf(const arrow::FieldVector& fields) {
  Json properties = Json::object();
  for (const auto& field : fields) {
    const auto declared = field->metadata() == nullptr
                              ? arrow::Result<std::string>(arrow::Status::KeyError(""))
                              : field->metadata()->Get(std::string(kDeclaredSchema));
    properties[field->name()] =
        declared.ok() ? Json::parse(*declared, nullptr, false) : JsonSchemaOf(*field->type());
  }
  return properties;
}

/// The schema's one type besides null; empty when there are several, or none.
std::string OnlyType(const Json& schema) {
  const auto type = schema.find("type");
  if (type == schema.end()) return "";
  if (type->is_string()) return type->get<std::string>();
  std::string only;
  if (!type->is_array()) return only;
  for (const Json& name : *type) {
    if (!name.is_string() || name == "null") continue;
    if (!only.empty()) return "";
    only = name.get<std::string>();
  }
  return only;
}

std::string Keyword(const Json& schema, const char* name) {
  const auto found = schema.find(name);
  return found != schema.end() && found->is_string() ? found->get<std::string>() : "";
}

std::shared_ptr<arrow::DataType> TextType(const Json& schema) {
  const std::string format = Keyword(schema, "format");
  const std::string airbyte_type = Keyword(schema, "airbyte_type");
  if (format == "date") return arrow::date32();
  if (format == "date-time") {
    return airbyte_type == "timestamp_without_timezone"
               ? arrow::timestamp(arrow::TimeUnit::MICRO)
               : arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  }
  // A time of day with an offset has no Arrow type: it stays text.
  if (format == "time") {
    return airbyte_type == "time_without_timezone" ? arrow::time64(arrow::TimeUnit::MICRO)
                                                   : arrow::utf8();
  }
  if (Keyword(schema, "contentEncoding") == "base64") return arrow::binary();
  return arrow::utf8();
}

}  // namespace

Json JsonSchemaOf(const arrow::DataType& type) {
  if (IsNumber(type)) return NumberSchema(false);
  if (IsJsonText(type)) return Nullable("object");
  if (arrow::is_integer(type.id())) return NumberSchema(true);
  if (arrow::is_floating(type.id())) return NumberSchema(false);
  if (arrow::is_decimal(type.id())) {
    return NumberSchema(static_cast<const arrow::DecimalType&>(type).scale() == 0);
  }
  switch (type.id()) {
    case arrow::Type::BOOL:
      return Nullable("boolean");
    case arrow::Type::DATE32:
      return Text("date", nullptr);
    case arrow::Type::TIME64:
      return Text("time", "time_without_timezone");
    case arrow::Type::TIMESTAMP:
      return Text("date-time", static_cast<const arrow::TimestampType&>(type).timezone().empty()
                                   ? "timestamp_without_timezone"
                                   : "timestamp_with_timezone");
    case arrow::Type::BINARY: {
      Json schema = Nullable("string");
      schema["contentEncoding"] = "base64";
      return schema;
    }
    case arrow::Type::LIST: {
      Json schema = Nullable("array");
      schema["items"] = JsonSchemaOf(*static_cast<const arrow::ListType&>(type).value_type());
      return schema;
    }
    case arrow::Type::STRUCT: {
      Json schema = Nullable("object");
      schema["properties"] = ObjectOf(type.fields());
      return schema;
    }
    default:
      return Nullable("string");
  }
}

Json JsonSchemaOf(const arrow::Schema& schema) {
  return Json{{"type", "object"}, {"properties", ObjectOf(schema.fields())}};
}

std::shared_ptr<arrow::DataType> ArrowTypeOf(const Json& schema) {
  const std::string type = OnlyType(schema);
  if (type == "boolean") return arrow::boolean();
  if (type == "integer") return arrow::int64();
  if (type == "number") {
    return Keyword(schema, "airbyte_type") == "integer" ? arrow::int64() : number();
  }
  if (type == "string") return TextType(schema);
  if (type == "array" && schema.contains("items") && !OnlyType(schema["items"]).empty()) {
    return arrow::list(ArrowTypeOf(schema["items"]));
  }
  if (type == "object" && schema.contains("properties") && schema["properties"].is_object() &&
      !schema["properties"].empty()) {
    arrow::FieldVector fields;
    for (const auto& [name, property] : schema["properties"].items()) {
      fields.push_back(arrow::field(name, ArrowTypeOf(property)));
    }
    return arrow::struct_(std::move(fields));
  }
  return json_text();
}

std::shared_ptr<arrow::Field> DeclareSchema(const std::shared_ptr<arrow::Field>& field,
                                            const arrow::DataType& type) {
  return field->WithMetadata(
      arrow::key_value_metadata({std::string(kDeclaredSchema)}, {JsonSchemaOf(type).dump()}));
}

SchemaPtr ArrowSchemaOf(const Json& json_schema) {
  arrow::FieldVector fields;
  const auto properties = json_schema.find("properties");
  if (properties != json_schema.end() && properties->is_object()) {
    for (const auto& [name, property] : properties->items()) {
      fields.push_back(arrow::field(name, ArrowTypeOf(property)));
    }
  }
  return arrow::schema(std::move(fields));
}

}  // namespace millrace
