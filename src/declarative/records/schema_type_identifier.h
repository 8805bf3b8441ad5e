#pragma once

#include <vector>

#include "base/result.h"
#include "declarative/manifest/component.h"
#include "declarative/manifest/engine_environment.h"
#include "declarative/records/path_template.h"

namespace millrace {

/// SchemaTypeIdentifier: where a described schema keeps its fields, their names and types, and what
/// the types mean. A plain value; const, from several threads.
class SchemaTypeIdentifier {
 public:
  static Result<SchemaTypeIdentifier> Make(const Component& component);

  /// The properties that `record` describes, a dict of JSON schemas. PyErrors where there are none,
  /// or a field has no name or a type that nobody knows.
  Result<PyValue> Properties(const PyValue& record, const EngineEnvironment& environment) const;

 private:
  /// TypesMap: what a type is called in Airbyte's words.
  struct TypesMap {
    PyValue current, target;
    InterpolatedBoolean condition;
  };

  Result<PyValue> TypeOf(const PyValue& field, const EngineEnvironment& environment) const;
  Result<PyValue> Mapped(const PyValue& type, const PyValue& field,
                         const EngineEnvironment& environment) const;

  PathTemplate schema_, key_, type_;
  std::vector<TypesMap> types_;
};

}  // namespace millrace
