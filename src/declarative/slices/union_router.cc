#include "declarative/slices/union_router.h"

#include <unordered_set>

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/slices/list_router.h"
#include "declarative/slices/router_makers.h"
#include "declarative/slices/substream_router.h"
#include "declarative/slices/value_identity.h"

namespace millrace {
namespace {

/// The partition fields that a router is known to have.
std::vector<std::string> FieldsOf(const PartitionRouter& router) {
  if (const auto* list = dynamic_cast<const ListRouter*>(&router)) return {list->field()};
  if (const auto* substream = dynamic_cast<const SubstreamRouter*>(&router)) {
    return substream->fields();
  }
  if (const auto* united = dynamic_cast<const UnionRouter*>(&router)) return {united->field()};
  return {};
}

/// The slice with nothing but `field` in its partition.
StreamSlice Normalized(const StreamSlice& slice, const std::string& field, const PyValue& value) {
  StreamSlice normalized;
  normalized.partition = PyValue(PyDict{{PyValue(field), value}});
  PyDict extra = slice.extra_fields.dict();
  for (const auto& [key, member] : slice.partition.dict()) {
    if (!key.is_str() || key.str() != field) extra.Set(key, member);
  }
  normalized.extra_fields = PyValue(std::move(extra));
  return normalized;
}

}  // namespace

Result<std::unique_ptr<UnionRouter>> UnionRouter::Make(const Component& component,
                                                       const StreamSlicing& slicing) {
  std::unique_ptr<UnionRouter> made(new UnionRouter());
  if (!component.Has("partition_field")) {
    return component.FieldError("partition_field", "is missing");
  }
  const EngineEnvironment& environment = *slicing.environment;
  MR_ASSIGN_OR_RETURN(const InterpolatedString field, component.Template("partition_field"));
  MR_ASSIGN_OR_RETURN(made->field_, field.EvaluateText(InterpolationContext(*environment.clock,
                                                                            environment.config)));
  MR_ASSIGN_OR_RETURN(const std::vector<Component> children,
                      component.Children("partition_routers"));
  if (children.size() < 2) {
    return component.FieldError("partition_routers", "needs at least two routers");
  }
  for (const Component& child : children) {
    MR_ASSIGN_OR_RETURN(std::unique_ptr<PartitionRouter> router, MakeRouter(child, slicing));
    for (const std::string& own : FieldsOf(*router)) {
      if (own != made->field_) {
        return child.Error("makes partitions by '" + own + "', but the union is by '" +
                           made->field_ + "'");
      }
    }
    made->routers_.push_back(std::move(router));
  }
  return made;
}

Status UnionRouter::Slices(const SliceSink& sink, std::stop_token stop) {
  std::unordered_set<std::string> seen;  // as large as the stream has partitions
  bool wanted = true;
  Status failed;
  const auto take = [&](const StreamSlice& slice) -> Status {
    const PyValue* value = slice.partition.Find(field_);
    if (value == nullptr) {
      return PyError("ValueError", "partitions of a union must have the key '" + field_ +
                                       "', but there is " + PyRepr(slice.partition));
    }
    Result<std::string> key = SetKey(*value);
    if (!key.ok()) {
      return PyError("ValueError", "partitions of a union must have values that compare, but '" +
                                       field_ + "' is " + PyRepr(*value));
    }
    if (seen.insert(std::move(*key)).second) wanted = sink(Normalized(slice, field_, *value));
    return Status::Ok();
  };
  for (const auto& router : routers_) {
    MR_RETURN_IF_ERROR(router->Slices(
        [&](StreamSlice slice) {
          failed = take(slice);
          return failed.ok() && wanted;
        },
        stop));
    MR_RETURN_IF_ERROR(failed);
    if (!wanted) break;
  }
  return Status::Ok();
}

Result<PyValue> UnionRouter::ParentState() const {
  PyDict merged;
  for (const auto& router : routers_) {
    MR_ASSIGN_OR_RETURN(const PyValue state, router->ParentState());
    if (!state.is_dict()) continue;
    for (const auto& [name, value] : state.dict()) merged.Set(name, value);
  }
  return PyValue(std::move(merged));
}

}  // namespace millrace
