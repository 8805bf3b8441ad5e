#include "declarative/records/schema_loader.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "declarative/jinja/py_error.h"
#include "declarative/records/dynamic_schema_loader.h"
#include "declarative/records/json_file_schema_loader.h"

namespace millrace {
namespace {

class InlineSchemaLoader final : public SchemaLoader {
 public:
  explicit InlineSchemaLoader(PyValue schema) : schema_(std::move(schema)) {}
  Result<PyValue> JsonSchema(std::stop_token) const override { return schema_; }

 private:
  const PyValue schema_;
};

class CompositeSchemaLoader final : public SchemaLoader {
 public:
  explicit CompositeSchemaLoader(std::vector<std::unique_ptr<SchemaLoader>> parts)
      : parts_(std::move(parts)) {}

  Result<PyValue> JsonSchema(std::stop_token stop) const override {
    PyDict properties;
    for (const auto& part : parts_) {
      MR_ASSIGN_OR_RETURN(const PyValue schema, part->JsonSchema(stop));
      const PyValue* const more = schema.Find("properties");
      if (more == nullptr || !more->is_dict()) return PyError("KeyError", "'properties'");
      // The later one's come first, but don't replace what was there.
      PyDict merged = more->dict();
      for (const auto& [name, property] : properties) merged.Set(name, property);
      properties = std::move(merged);
    }
    PyDict schema;
    schema.Append("$schema", "http://json-schema.org/draft-07/schema#");
    schema.Append("type", PyValue::List({"null", "object"}));
    schema.Append("properties", std::move(properties));
    return PyValue(std::move(schema));
  }

 private:
  const std::vector<std::unique_ptr<SchemaLoader>> parts_;
};

Result<std::unique_ptr<SchemaLoader>> MakeOne(const Component& component,
                                              const EngineEnvironment& environment,
                                              const SchemaLoaderParts& parts) {
  if (component.type() == "InlineSchemaLoader") {
    const PyValue* const schema = component.Field("schema");
    if (schema != nullptr && !schema->is_dict()) {
      return component.FieldError("schema", "is no object");
    }
    return std::make_unique<InlineSchemaLoader>(schema ? *schema : PyValue(PyDict()));
  }
  if (component.type() == "JsonFileSchemaLoader") {
    return MakeJsonFileSchemaLoader(component, environment, parts.package_folder);
  }
  if (component.type() == "DynamicSchemaLoader") {
    return MakeDynamicSchemaLoader(component, environment, parts.make_reader);
  }
  return component.UnknownType("a schema loader");
}

}  // namespace

Result<std::unique_ptr<SchemaLoader>> MakeSchemaLoader(const Component& stream,
                                                       const EngineEnvironment& environment,
                                                       const SchemaLoaderParts& parts) {
  MR_ASSIGN_OR_RETURN(const std::vector<Component> components, stream.Children("schema_loader"));
  if (components.empty()) {
    MR_ASSIGN_OR_RETURN(const std::string name, stream.TextOr("name", ""));
    return MakeDefaultSchemaLoader(name, parts.package_folder);
  }
  const PyValue* const given = stream.Field("schema_loader");
  if (given != nullptr && !given->is_list()) return MakeOne(components[0], environment, parts);
  std::vector<std::unique_ptr<SchemaLoader>> loaders;
  for (const Component& component : components) {
    MR_ASSIGN_OR_RETURN(auto loader, MakeOne(component, environment, parts));
    loaders.push_back(std::move(loader));
  }
  return std::make_unique<CompositeSchemaLoader>(std::move(loaders));
}

}  // namespace millrace
