#include "declarative/records/dynamic_schema_loader.h"

#include <optional>
#include <utility>

#include "declarative/records/record_filter.h"
#include "declarative/records/record_transformation.h"
#include "declarative/records/schema_type_identifier.h"

namespace millrace {
namespace {

class DynamicSchemaLoader final : public SchemaLoader {
 public:
  struct Parts {
    ReadOtherRecords read;
    SchemaTypeIdentifier identifier;
    std::optional<RecordFilter> filter;
    RecordTransformations transformations;
  };

  DynamicSchemaLoader(Parts parts, const EngineEnvironment& environment)
      : parts_(std::move(parts)), environment_(environment) {}

  Result<PyValue> JsonSchema(std::stop_token stop) const override {
    PyValue first;
    MR_RETURN_IF_ERROR(parts_.read(
        PyValue(PyDict()),
        [&](PyValue record) -> Result<bool> {
          first = std::move(record);
          return false;
        },
        std::move(stop)));
    MR_ASSIGN_OR_RETURN(PyValue properties, parts_.identifier.Properties(first, environment_));
    const PyValue none;
    RecordContext context(environment_, none, none);
    MR_ASSIGN_OR_RETURN(properties, Filtered(properties, context));
    context.SetRecord(properties);
    for (const auto& transformation : parts_.transformations) {
      MR_RETURN_IF_ERROR(transformation->Transform(properties, context));
    }
    PyDict schema;
    schema.Append("$schema", "https://json-schema.org/draft-07/schema#");
    schema.Append("type", "object");
    schema.Append("additionalProperties", true);
    schema.Append("properties", std::move(properties));
    return PyValue(std::move(schema));
  }

 private:
  /// The filter sees each property as a record of one field.
  Result<PyValue> Filtered(const PyValue& properties, RecordContext& context) const {
    if (!parts_.filter) return properties;
    PyDict kept;
    for (const auto& [name, property] : properties.dict()) {
      context.SetRecord(PyValue(PyDict{{name, property}}));
      MR_ASSIGN_OR_RETURN(const bool passes, parts_.filter->Passes(context));
      if (passes) kept.Append(name, property);
    }
    return PyValue(std::move(kept));
  }

  const Parts parts_;
  const EngineEnvironment& environment_;
};

}  // namespace

Result<std::unique_ptr<SchemaLoader>> MakeDynamicSchemaLoader(const Component& component,
                                                              const EngineEnvironment& environment,
                                                              const MakeOtherReader& make_reader) {
  DynamicSchemaLoader::Parts parts;
  MR_ASSIGN_OR_RETURN(const Component retriever, component.Child("retriever"));
  if (retriever.type() == "AsyncRetriever" && retriever.Has("partition_router")) {
    return retriever.FieldError("partition_router",
                                "can't be there: a schema is read from the first record only");
  }
  MR_ASSIGN_OR_RETURN(parts.read, make_reader(retriever, "dynamic_properties"));
  MR_ASSIGN_OR_RETURN(const Component identifier, component.Child("schema_type_identifier"));
  MR_ASSIGN_OR_RETURN(parts.identifier, SchemaTypeIdentifier::Make(identifier));
  MR_ASSIGN_OR_RETURN(const auto filter, component.ChildIf("schema_filter"));
  if (filter) {
    MR_ASSIGN_OR_RETURN(parts.filter, RecordFilter::Make(*filter));
  }
  MR_ASSIGN_OR_RETURN(parts.transformations,
                      MakeRecordTransformations(component, "schema_transformations", environment));
  return std::make_unique<DynamicSchemaLoader>(std::move(parts), environment);
}

}  // namespace millrace
