#include "declarative/slices/substream_router.h"

#include <fmt/format.h>

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/slices/parent_state.h"

namespace millrace {
namespace {

/// A list of templates, evaluated.
Result<PyList> EvaluatePath(const Component& config, const PyValue& segments,
                            std::string_view field, const InterpolationContext& context) {
  if (!segments.is_list()) return config.FieldError(field, "has a path that is no list");
  PyList path;
  for (const PyValue& segment : segments.items()) {
    MR_ASSIGN_OR_RETURN(PyValue value,
                        InterpolatedString(PyStr(segment), config.parameters()).Evaluate(context));
    path.push_back(std::move(value));
  }
  return path;
}

}  // namespace

/// Reads one parent. Records and slices are looked at one late: only then it's known whether they
/// are the last, whose slice is closed with them.
class SubstreamRouter::Reading {
 public:
  Reading(Parent& parent, const SliceSink& sink, std::stop_token stop)
      : parent_(parent), sink_(sink), stop_(std::move(stop)) {}

  /// Whether more partitions are wanted.
  bool wanted() const { return wanted_; }

  Status ReadAll() {
    std::optional<StreamSlice> pending;
    Status failed;
    MR_RETURN_IF_ERROR(parent_.stream->Slices(
        [&](StreamSlice slice) {
          parent_.state.reset();  // a cursor may know more partitions now
          if (pending) failed = ReadSlice(*pending, /*last=*/false);
          pending = std::move(slice);
          return failed.ok() && wanted_;
        },
        stop_));
    MR_RETURN_IF_ERROR(failed);
    if (!wanted_ || !pending) return Status::Ok();
    return ReadSlice(*pending, /*last=*/true);
  }

 private:
  Status ReadSlice(const StreamSlice& slice, bool last) {
    std::optional<DeclarativeRecord> pending;
    Status failed;
    MR_RETURN_IF_ERROR(parent_.stream->ReadSlice(
        slice,
        [&](DeclarativeRecord record) {
          if (pending) failed = Take(slice, *pending);
          pending = std::move(record);
          return failed.ok() && wanted_;
        },
        stop_));
    MR_RETURN_IF_ERROR(failed);
    if (!wanted_) return Status::Ok();
    std::optional<StreamSlice> partition;
    if (pending) {
      MR_ASSIGN_OR_RETURN(partition, PartitionOf(slice, *pending));
    }
    MR_RETURN_IF_ERROR(parent_.stream->cursor().CloseSlice(slice));
    if (last) MR_RETURN_IF_ERROR(parent_.stream->cursor().Finish(/*all_closed=*/true));
    parent_.state.reset();
    if (partition) wanted_ = sink_(std::move(*partition));
    return Status::Ok();
  }

  Status Take(const StreamSlice& slice, const DeclarativeRecord& record) {
    MR_ASSIGN_OR_RETURN(std::optional<StreamSlice> partition, PartitionOf(slice, record));
    if (partition) wanted_ = sink_(std::move(*partition));
    return Status::Ok();
  }

  /// None: the record has no parent key.
  Result<std::optional<StreamSlice>> PartitionOf(const StreamSlice& slice,
                                                 const DeclarativeRecord& record) {
    MR_RETURN_IF_ERROR(parent_.stream->cursor().Observe(slice, record));
    MR_ASSIGN_OR_RETURN(const PyValue key, parent_.key.Get(record.data, PyValue()));
    if (key.is_none()) return std::optional<StreamSlice>();
    StreamSlice partition;
    PyDict keys;
    keys.Set(std::string_view(parent_.field), key);
    keys.Set(std::string_view("parent_slice"), slice.partition);
    partition.partition = PyValue(std::move(keys));
    PyDict extra;
    if (parent_.lazy_pointer) {
      MR_ASSIGN_OR_RETURN(PyValue inner, parent_.lazy_pointer->Get(record.data, PyValue::List()));
      extra.Append("child_response", std::move(inner));
    }
    for (const auto& [name, path] : parent_.extra_fields) {
      Result<PyValue> value = path.Get(record.data);
      if (!value.ok() && !IsPyError(value.status(), "KeyError")) return value.status();
      extra.Set(std::string_view(name), value.ok() ? std::move(*value) : PyValue());
    }
    partition.extra_fields = PyValue(std::move(extra));
    return std::optional<StreamSlice>(std::move(partition));
  }

  Parent& parent_;
  const SliceSink& sink_;
  const std::stop_token stop_;
  bool wanted_ = true;
};

Result<std::unique_ptr<SubstreamRouter>> SubstreamRouter::Make(const Component& component,
                                                               const StreamSlicing& slicing) {
  std::unique_ptr<SubstreamRouter> router(new SubstreamRouter(*slicing.environment));
  MR_ASSIGN_OR_RETURN(const std::vector<Component> configs,
                      component.Children("parent_stream_configs"));
  if (configs.empty()) {
    return component.FieldError("parent_stream_configs", "needs at least one parent stream");
  }
  for (const Component& config : configs) {
    MR_ASSIGN_OR_RETURN(Parent parent, MakeParent(config, slicing));
    router->parents_.push_back(std::move(parent));
  }
  return router;
}

Result<SubstreamRouter::Parent> SubstreamRouter::MakeParent(const Component& config,
                                                            const StreamSlicing& slicing) {
  const EngineEnvironment& environment = *slicing.environment;
  const InterpolationContext context(*environment.clock, environment.config);
  Parent parent;
  for (const std::string_view field : {"parent_key", "partition_field"}) {
    if (!config.Has(field)) return config.FieldError(field, "is missing");
  }
  MR_ASSIGN_OR_RETURN(const InterpolatedString key, config.Template("parent_key"));
  MR_ASSIGN_OR_RETURN(const PyValue key_path, key.Evaluate(context));
  MR_ASSIGN_OR_RETURN(parent.key, PyPath::Of(key_path));
  MR_ASSIGN_OR_RETURN(const InterpolatedString field, config.Template("partition_field"));
  MR_ASSIGN_OR_RETURN(parent.field, field.EvaluateText(context));
  MR_ASSIGN_OR_RETURN(parent.incremental, config.BoolOr("incremental_dependency", false));
  if (const PyValue* paths = config.Field("extra_fields")) {
    if (!paths->is_list()) return config.FieldError("extra_fields", "is no list of paths");
    for (const PyValue& segments : paths->items()) {
      MR_ASSIGN_OR_RETURN(const PyList path,
                          EvaluatePath(config, segments, "extra_fields", context));
      std::string name;
      for (const PyValue& segment : path) name += (name.empty() ? "" : ".") + PyStr(segment);
      parent.extra_fields.emplace_back(std::move(name), PyPath(path));
    }
  }
  const PyValue* pointer = config.Field("lazy_read_pointer");
  if (pointer != nullptr && PyTruthy(*pointer)) {
    MR_ASSIGN_OR_RETURN(const PyList path,
                        EvaluatePath(config, *pointer, "lazy_read_pointer", context));
    parent.lazy_pointer = PyPath(path);
  }
  MR_ASSIGN_OR_RETURN(const std::optional<Component> option, config.ChildIf("request_option"));
  if (option) {
    MR_ASSIGN_OR_RETURN(parent.option, RequestOption::Make(*option));
  }
  MR_ASSIGN_OR_RETURN(const Component stream, config.Child("stream"));
  if (!slicing.make_parent) return config.FieldError("stream", "can't be read from here");
  MR_ASSIGN_OR_RETURN(PyValue state, StateOfParent(stream, parent.incremental, slicing));
  MR_ASSIGN_OR_RETURN(parent.stream, slicing.make_parent(stream, std::move(state)));
  return parent;
}

Status SubstreamRouter::Slices(const SliceSink& sink, std::stop_token stop) {
  for (Parent& parent : parents_) {
    Reading reading(parent, sink, stop);
    MR_RETURN_IF_ERROR(reading.ReadAll());
    if (!reading.wanted()) break;
  }
  return stop.stop_requested() ? Status::Canceled() : Status::Ok();
}

Result<RequestOptions> SubstreamRouter::OptionsFor(const StreamSlice& slice) const {
  RequestOptions options;
  const InterpolationContext context(*environment_.clock, environment_.config);
  for (const Parent& parent : parents_) {
    if (!parent.option) continue;
    const PyValue* value = slice.partition.Find(parent.field);
    if (value == nullptr || !PyTruthy(*value)) continue;
    MR_RETURN_IF_ERROR(parent.option->Inject(*value, context, &options));
  }
  return options;
}

Result<PyValue> SubstreamRouter::ParentState() const {
  PyDict states;
  for (Parent& parent : parents_) {
    if (!parent.incremental) continue;
    if (!parent.state) {
      MR_ASSIGN_OR_RETURN(parent.state, parent.stream->cursor().State());
    }
    states.Set(std::string_view(parent.stream->name()), *parent.state);
  }
  return PyValue(std::move(states));
}

bool SubstreamRouter::has_request_option() const {
  for (const Parent& parent : parents_) {
    if (parent.option) return true;
  }
  return false;
}

std::vector<std::string> SubstreamRouter::fields() const {
  std::vector<std::string> fields;
  for (const Parent& parent : parents_) fields.push_back(parent.field);
  return fields;
}

}  // namespace millrace
