#include "declarative/records/record_transformation.h"

#include <utility>

#include "declarative/records/transformations.h"

namespace millrace {
namespace {

struct Maker {
  std::string_view type;
  MakeTransformation make;
};

constexpr Maker kMakers[] = {
    {"AddFields", MakeAddFields},
    {"RemoveFields", MakeRemoveFields},
    {"KeysToLower", MakeKeysToLower},
    {"KeysToSnakeCase", MakeKeysToSnakeCase},
    {"KeysReplace", MakeKeysReplace},
    {"FlattenFields", MakeFlattenFields},
    {"DpathFlattenFields", MakeDpathFlattenFields},
};

}  // namespace

Result<std::unique_ptr<const RecordTransformation>> MakeRecordTransformation(
    const Component& component, const EngineEnvironment& environment) {
  for (const Maker& maker : kMakers) {
    if (maker.type == component.type()) return maker.make(component, environment);
  }
  return component.UnknownType("a transformation of records");
}

Result<RecordTransformations> MakeRecordTransformations(const Component& parent,
                                                        std::string_view field,
                                                        const EngineEnvironment& environment) {
  MR_ASSIGN_OR_RETURN(const std::vector<Component> components, parent.Children(field));
  RecordTransformations made;
  for (const Component& component : components) {
    MR_ASSIGN_OR_RETURN(auto transformation, MakeRecordTransformation(component, environment));
    made.push_back(std::move(transformation));
  }
  return made;
}

}  // namespace millrace
