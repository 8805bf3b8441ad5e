#include "sources/rest/sampled_schema.h"

#include <arrow/type.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "connector/json_schema.h"
#include "declarative/records/record_json.h"
#include "formats/iso_time.h"

namespace millrace {
namespace {

constexpr unsigned kZoned = 1, kUnzoned = 2, kDate = 4, kAnyText = 8;

unsigned KindOf(const std::string& text) {
  if (ParseIsoDate(text)) return kDate;
  const auto moment = ParseIsoTimestamp(text);
  // What a microsecond can't hold stays text.
  if (!moment || !moment->exact) return kAnyText;
  return moment->has_zone ? kZoned : kUnzoned;
}

Json TextSchema(unsigned kinds) {
  Json schema = Json::object();
  schema["type"] = Json::array({"null", "string"});
  if (kinds == kDate) schema["format"] = "date";
  if (kinds == kZoned || kinds == kUnzoned) {
    schema["format"] = "date-time";
    schema["airbyte_type"] =
        kinds == kZoned ? "timestamp_with_timezone" : "timestamp_without_timezone";
  }
  return schema;
}

bool Allows(const Json& schema, const char* type) {
  const auto types = schema.find("type");
  if (types == schema.end()) return false;
  if (types->is_string()) return *types == type;
  return std::find(types->begin(), types->end(), Json(type)) != types->end();
}

}  // namespace

void SampledSchema::Add(const PyValue& record) {
  if (!record.is_dict()) return;
  text_.clear();
  AppendRecordJson(record, &text_);
  // The scanner reads behind the end.
  text_.append(JsonScanner::kPadding, '\0');
  const std::string_view json(text_.data(), text_.size() - JsonScanner::kPadding);
  if (!inference_.Add(json)) return;
  for (const auto& [key, value] : record.dict()) {
    if (!key.is_str() || value.is_none()) continue;
    texts_[key.str()] |= value.is_str() ? KindOf(value.str()) : kAnyText;
  }
}

Json SampledSchema::Schema(const std::vector<std::string>& columns) const {
  const SchemaPtr found = inference_.Schema();
  Json schema = JsonSchemaOf(*found);
  Json& properties = schema["properties"];
  if (properties.is_null()) properties = Json::object();
  for (const auto& field : found->fields()) {
    const auto kinds = texts_.find(field->name());
    const bool text = field->type()->id() == arrow::Type::STRING && field->metadata() == nullptr;
    if (!text || kinds == texts_.end() || !Allows(properties[field->name()], "string")) continue;
    properties[field->name()] = TextSchema(kinds->second);
  }
  for (const std::string& name : columns) {
    if (!properties.contains(name)) properties[name] = TextSchema(kAnyText);
  }
  return schema;
}

Json WithTextObjects(const Json& json_schema) {
  Json schema = json_schema;
  const auto properties = schema.find("properties");
  if (properties == schema.end() || !properties->is_object()) return schema;
  for (auto& [name, property] : properties->items()) {
    if (!property.is_object()) continue;
    if (Allows(property, "object")) property.erase("properties");
    const auto items = property.find("items");
    if (!Allows(property, "array") || items == property.end()) continue;
    const bool nested = items->is_object() && (Allows(*items, "object") || Allows(*items, "array"));
    if (nested) property.erase("items");
  }
  return schema;
}

}  // namespace millrace
