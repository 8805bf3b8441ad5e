#include "declarative/slices/grouping_router.h"

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/slices/list_router.h"
#include "declarative/slices/router_makers.h"
#include "declarative/slices/substream_router.h"
#include "declarative/slices/value_identity.h"

namespace millrace {
namespace {

constexpr std::string_view kParentSlice = "parent_slice";

PyValue ListsOf(const std::vector<StreamSlice>& group, PyValue StreamSlice::*part,
                const PyDict& keys) {
  PyDict lists;
  for (const auto& [key, unused] : keys) {
    PyList values;
    for (const StreamSlice& slice : group) {
      const PyValue* value = (slice.*part).dict().Find(key);
      values.push_back(value == nullptr ? PyValue() : *value);
    }
    lists.Append(key, PyValue::List(std::move(values)));
  }
  return PyValue(std::move(lists));
}

StreamSlice Grouped(const std::vector<StreamSlice>& group) {
  StreamSlice grouped;
  grouped.partition = ListsOf(group, &StreamSlice::partition, group.front().partition.dict());
  PyDict extra;
  for (const StreamSlice& slice : group) {
    for (const auto& [key, value] : slice.extra_fields.dict()) extra.Set(key, value);
  }
  grouped.extra_fields = ListsOf(group, &StreamSlice::extra_fields, extra);
  return grouped;
}

}  // namespace

Result<std::unique_ptr<GroupingRouter>> GroupingRouter::Make(const Component& component,
                                                             const StreamSlicing& slicing) {
  MR_ASSIGN_OR_RETURN(const Component inner, component.Child("underlying_partition_router"));
  MR_ASSIGN_OR_RETURN(std::unique_ptr<PartitionRouter> router, MakeRouter(inner, slicing));
  const auto* list = dynamic_cast<const ListRouter*>(router.get());
  const auto* substream = dynamic_cast<const SubstreamRouter*>(router.get());
  if ((list != nullptr && list->has_request_option()) ||
      (substream != nullptr && substream->has_request_option())) {
    return inner.FieldError("request_option",
                            "is about one partition, but requests are made for groups of them");
  }
  if (!component.Has("group_size")) return component.FieldError("group_size", "is missing");
  MR_ASSIGN_OR_RETURN(const int64_t size, component.IntOr("group_size", 0));
  if (size < 1) return component.FieldError("group_size", "must be at least 1");
  MR_ASSIGN_OR_RETURN(const bool deduplicate, component.BoolOr("deduplicate", true));
  return std::make_unique<GroupingRouter>(std::move(router), static_cast<size_t>(size),
                                          deduplicate);
}

Result<bool> GroupingRouter::IsNew(const StreamSlice& slice,
                                   std::unordered_set<std::string>* seen) const {
  const PyValue* only = nullptr;
  size_t keys = 0;
  for (const auto& [key, value] : slice.partition.dict()) {
    if (key.is_str() && key.str() == kParentSlice) continue;
    only = &value;
    ++keys;
  }
  if (keys != 1) {
    return PyError("ValueError", "partitions in groups must have one key each, but there is " +
                                     PyRepr(slice.partition));
  }
  if (!deduplicate_) return true;
  MR_ASSIGN_OR_RETURN(std::string key, SetKey(*only));
  return seen->insert(std::move(key)).second;
}

Status GroupingRouter::Slices(const SliceSink& sink, std::stop_token stop) {
  std::unordered_set<std::string> seen;
  std::vector<StreamSlice> group;
  bool wanted = true;
  Status failed;
  const auto take = [&](StreamSlice slice) -> Status {
    MR_ASSIGN_OR_RETURN(const bool is_new, IsNew(slice, &seen));
    if (!is_new) return Status::Ok();
    group.push_back(std::move(slice));
    if (group.size() < group_size_) return Status::Ok();
    MR_ASSIGN_OR_RETURN(state_, router_->ParentState());
    wanted = sink(Grouped(group));
    group.clear();
    return Status::Ok();
  };
  MR_RETURN_IF_ERROR(router_->Slices(
      [&](StreamSlice slice) {
        failed = take(std::move(slice));
        return failed.ok() && wanted;
      },
      stop));
  MR_RETURN_IF_ERROR(failed);
  if (!wanted) return Status::Ok();
  MR_ASSIGN_OR_RETURN(state_, router_->ParentState());
  if (!group.empty()) sink(Grouped(group));
  return Status::Ok();
}

}  // namespace millrace
