#include "declarative/slices/legacy_state_migration.h"

#include "declarative/slices/datetime_settings.h"

namespace millrace {
namespace {

/// Whether every member is a dict with nothing but the cursor field.
bool IsLegacy(const PyValue& state, const std::string& cursor_field) {
  if (!state.is_dict() || state.dict().empty() || state.dict().Contains("states")) return false;
  for (const auto& [key, value] : state.dict()) {
    if (!value.is_dict() || value.dict().size() != 1) return false;
    const PyValue& only = value.dict().begin()->first;
    if (!only.is_str() || only.str() != cursor_field) return false;
  }
  return true;
}

}  // namespace

Result<PyValue> MigrateLegacyState(const Component& migration, const Component& stream,
                                   const StreamSlicing& slicing, PyValue state) {
  const EngineEnvironment& environment = *slicing.environment;
  MR_ASSIGN_OR_RETURN(const Component retriever, stream.Child("retriever"));
  MR_ASSIGN_OR_RETURN(const std::vector<Component> routers, retriever.Children("partition_router"));
  MR_ASSIGN_OR_RETURN(const std::optional<Component> cursor, stream.ChildIf("incremental_sync"));
  if (routers.size() != 1 || retriever.Field("partition_router")->is_list() || !cursor) {
    return migration.Error("needs a stream with incremental_sync and one partition_router");
  }
  const Component& router = routers.front();
  bool one_parent = true;
  std::optional<Component> named = router;
  if (router.type() != "UnionPartitionRouter") {
    MR_ASSIGN_OR_RETURN(const std::vector<Component> parents,
                        router.Children("parent_stream_configs"));
    if (parents.empty()) {
      return migration.Error("needs a partition_router with parent streams, or a union");
    }
    one_parent = parents.size() == 1;
    named = parents.front();
  }
  // The field's template sees the stream's parameters.
  MR_ASSIGN_OR_RETURN(const std::string field_text, named->Text("partition_field"));
  const InterpolationContext context(*environment.clock, environment.config);
  MR_ASSIGN_OR_RETURN(const std::string field,
                      InterpolatedString(field_text, stream.parameters()).EvaluateText(context));
  MR_ASSIGN_OR_RETURN(const std::string cursor_text, cursor->Text("cursor_field"));
  MR_ASSIGN_OR_RETURN(const std::string cursor_field,
                      InterpolatedString(cursor_text, stream.parameters()).EvaluateText(context));
  if (!one_parent || !IsLegacy(state, cursor_field)) return state;
  PyList states;
  for (const auto& [key, value] : state.dict()) {
    states.push_back(PyValue(PyDict{{PyValue("partition"), PyValue(PyDict{{PyValue(field), key}})},
                                    {PyValue("cursor"), value}}));
  }
  return PyValue(PyDict{{PyValue("states"), PyValue::List(std::move(states))}});
}

}  // namespace millrace
