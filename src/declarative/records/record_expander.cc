#include "declarative/records/record_expander.h"

#include <fmt/format.h>

#include <utility>

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/records/without_lists.h"

namespace millrace {
namespace {

/// What the API says the list's length is, next to the truncation indicator.
std::optional<int64_t> TotalCount(const PyValue& record, const PathTemplate::Evaluated& indicator) {
  if (indicator.segments.empty()) return std::nullopt;
  PyList beside = indicator.segments;
  beside.back() = PyValue("total_count");
  const Result<PyValue> total = PyPath(beside).Get(record, PyValue());
  if (!total.ok() || !total->is_int()) return std::nullopt;
  return total->as_int();
}

}  // namespace

Result<std::unique_ptr<RecordExpander>> RecordExpander::Make(const Component& component,
                                                             const EngineEnvironment& environment,
                                                             const MakeOtherReader& make_reader) {
  std::unique_ptr<RecordExpander> made(new RecordExpander(environment));
  MR_ASSIGN_OR_RETURN(made->path_, PathTemplate::Make(component, "expand_records_from_field"));
  MR_ASSIGN_OR_RETURN(made->indicator_, PathTemplate::Make(component, "truncation_indicator_path"));
  MR_ASSIGN_OR_RETURN(made->keeps_parent_, component.BoolOr("remain_original_record", false));
  MR_ASSIGN_OR_RETURN(made->merges_parent_, component.BoolOr("merge_parent", false));
  MR_ASSIGN_OR_RETURN(const std::string otherwise, component.TextOr("on_no_records", "skip"));
  if (otherwise != "skip" && otherwise != "emit_parent") {
    return component.FieldError("on_no_records", "is skip or emit_parent");
  }
  made->emits_parent_ = otherwise == "emit_parent";
  MR_ASSIGN_OR_RETURN(const std::vector<Component> fields, component.Children("parent_fields"));
  for (const Component& field : fields) {
    MR_ASSIGN_OR_RETURN(ParentField parent_field, ParentField::Make(field, environment));
    made->parent_fields_.push_back(std::move(parent_field));
  }
  MR_ASSIGN_OR_RETURN(const auto retriever, component.ChildIf("truncated_list_retriever"));
  if (retriever) {
    if (made->indicator_.empty()) {
      return component.FieldError("truncation_indicator_path",
                                  "is needed with truncated_list_retriever");
    }
    for (const std::string_view unsupported : {"partition_router", "pagination_reset"}) {
      const PyValue* const given = retriever->Field(unsupported);
      if (given != nullptr && PyTruthy(*given)) {
        return retriever->FieldError(unsupported, "can't be part of a truncated_list_retriever");
      }
    }
    MR_ASSIGN_OR_RETURN(made->read_whole_list_,
                        make_reader(*retriever, "record_expander_truncated_list"));
  }
  MR_RETURN_IF_ERROR(made->CheckPaths(component));
  return made;
}

/// Paths that have to name one place are known to do so before anything is read.
Status RecordExpander::CheckPaths(const Component& component) const {
  const InterpolationContext context(*environment_.clock, environment_.config);
  MR_ASSIGN_OR_RETURN(const auto indicator, indicator_.Evaluate(context));
  if (HasGlob(indicator->segments)) {
    return component.FieldError("truncation_indicator_path",
                                "has to name one field: *, ? and [ can't be in it");
  }
  if (!read_whole_list_) return Status::Ok();
  MR_ASSIGN_OR_RETURN(const auto path, path_.Evaluate(context));
  if (!HasGlob(path->segments)) return Status::Ok();
  return component.FieldError("expand_records_from_field",
                              "has to name one list when truncated_list_retriever is there");
}

Status RecordExpander::Expand(const PyValue& record, const ValueSink& sink,
                              std::stop_token stop) const {
  if (!record.is_dict() || path_.empty()) return sink(record);
  const InterpolationContext context(*environment_.clock, environment_.config);
  MR_ASSIGN_OR_RETURN(const auto path, path_.Evaluate(context));
  MR_ASSIGN_OR_RETURN(const auto indicator, indicator_.Evaluate(context));
  bool truncated = false;
  if (!indicator_.empty()) {
    MR_ASSIGN_OR_RETURN(truncated, IsTruncated(record, *indicator));
  }
  Parent parent{record, *path, std::nullopt};
  if (merges_parent_) {
    MR_ASSIGN_OR_RETURN(parent.merged, WithoutLists(record, path->path));
  }
  if (truncated && read_whole_list_) {
    MR_ASSIGN_OR_RETURN(const int64_t read, ReadWholeList(parent, sink, std::move(stop)));
    const auto total = TotalCount(record, *indicator);
    if (total && read < *total) {
      WarnOnce(&warned_incomplete_,
               fmt::format("the truncated_list_retriever of the list at {} gave {} of {} items: "
                           "look at its paginator and its request (said once per stream){}",
                           path->path.ToString(), read, *total,
                           read == 0 ? "; the items in the record were taken instead" : ""));
    }
    if (read > 0) return Status::Ok();
  }
  const Result<PyList> found = path->path.Values(record);
  if (!found.ok() && !IsPyError(found.status(), "KeyError")) return found.status();
  int64_t items = 0;
  for (const PyValue& list : found.ok() ? *found : PyList()) {
    if (list.is_list()) items += static_cast<int64_t>(list.items().size());
  }
  if (truncated && !read_whole_list_) {
    const auto total = TotalCount(record, *indicator);
    WarnOnce(&warned_truncated_,
             fmt::format("the list at {} is cut short and there is no truncated_list_retriever: "
                         "only its {} items are read{} (said once per stream)",
                         path->path.ToString(), items, total ? fmt::format(" of {}", *total) : ""));
  }
  if (items == 0) return emits_parent_ ? sink(record) : Status::Ok();
  for (const PyValue& list : *found) {
    for (size_t at = 0; list.is_list() && at < list.items().size(); ++at) {
      MR_RETURN_IF_ERROR(HandOn(parent, list.items()[at], sink));
    }
  }
  return Status::Ok();
}

Result<bool> RecordExpander::IsTruncated(const PyValue& record,
                                         const PathTemplate::Evaluated& indicator) const {
  const Result<PyValue> found = indicator.path.Get(record);
  if (found.ok()) return PyTruthy(*found);
  if (IsPyError(found.status(), "KeyError") || IsPyError(found.status(), "ValueError")) {
    return false;
  }
  return found.status();
}

Result<int64_t> RecordExpander::ReadWholeList(const Parent& parent, const ValueSink& sink,
                                              std::stop_token stop) const {
  int64_t read = 0;
  const PyValue partition(PyDict{{"parent_record", parent.record}});
  MR_RETURN_IF_ERROR(read_whole_list_(
      partition,
      [&](PyValue item) -> Result<bool> {
        ++read;
        MR_RETURN_IF_ERROR(HandOn(parent, item, sink));
        return true;
      },
      std::move(stop)));
  return read;
}

Status RecordExpander::HandOn(const Parent& parent, const PyValue& item,
                              const ValueSink& sink) const {
  const bool context = keeps_parent_ || merges_parent_ || !parent_fields_.empty();
  if (!item.is_dict() && !context) return sink(item);
  // A copy of the item's own members: it still is one of the parent's.
  PyDict own = item.is_dict() ? item.dict() : PyDict{{"value", item}};
  PyValue made = parent.merged ? parent.merged->DeepCopy() : PyValue(PyDict());
  if (parent.merged) {
    for (auto& [key, value] : own) made.mutable_dict().Set(key, std::move(value));
  } else {
    made.mutable_dict() = std::move(own);
  }
  for (const ParentField& field : parent_fields_) {
    MR_RETURN_IF_ERROR(field.CopyOnto(parent.record, made));
  }
  if (keeps_parent_)
    made.mutable_dict().Set(std::string_view("original_record"), parent.record.DeepCopy());
  return sink(std::move(made));
}

void RecordExpander::WarnOnce(std::atomic<bool>* warned, const std::string& text) const {
  if (warned->exchange(true) || environment_.messages == nullptr) return;
  environment_.messages->Log(LogLevel::kWarn, text);
}

}  // namespace millrace
