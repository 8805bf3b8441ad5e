#include "declarative/slices/state_delegation.h"

#include <fmt/format.h>

#include "declarative/jinja/py_operators.h"
#include "declarative/slices/cursor_time.h"
#include "declarative/slices/full_refresh_cursor.h"

namespace millrace {
namespace {

/// The moment before which the API has nothing any more; none: it says no such thing.
Result<std::optional<CursorTime>> OldestKept(const Component& stream,
                                             const EngineEnvironment& environment) {
  MR_ASSIGN_OR_RETURN(const InterpolatedString text, stream.Template("api_retention_period"));
  if (text.empty()) return std::optional<CursorTime>();
  const InterpolationContext context(*environment.clock, environment.config);
  MR_ASSIGN_OR_RETURN(const PyValue period, text.Evaluate(context));
  if (!PyTruthy(period)) return std::optional<CursorTime>();
  const Result<CursorGap> gap = ParseCursorGap(PyStr(period));
  if (!gap.ok()) {
    return stream.FieldError(
        "api_retention_period",
        "'" + PyStr(period) + "' is no duration such as P90D: " + gap.status().ToString());
  }
  const CursorTime now{environment.clock->WallNow().time_since_epoch().count()};
  MR_ASSIGN_OR_RETURN(const CursorTime oldest, Earlier(now, *gap));
  return std::optional<CursorTime>(oldest);
}

Status CheckNames(const Component& stream, const Component& full, const Component& incremental) {
  MR_ASSIGN_OR_RETURN(const std::string name, stream.TextOr("name", ""));
  for (const Component* part : {&full, &incremental}) {
    MR_ASSIGN_OR_RETURN(const std::string own, part->TextOr("name", ""));
    if (own != name) {
      return part->FieldError("name", "is '" + own +
                                          "', but must be that of the stream that "
                                          "delegates to it: '" +
                                          name + "'");
    }
  }
  return Status::Ok();
}

Status RefuseCounts(const Component& part) {
  MR_ASSIGN_OR_RETURN(const std::optional<Component> cursor, part.ChildIf("incremental_sync"));
  if (cursor && cursor->type() == "IncrementingCountCursor") {
    return cursor->Error(
        "counts, so that its state has no age: api_retention_period can't be "
        "checked against it");
  }
  return Status::Ok();
}

/// Parents aren't read for it: the cursor only reads the state.
class UnreadParent final : public ParentStream {
 public:
  const std::string& name() const override { return name_; }
  Status Slices(const StreamSlicer::SliceSink&, std::stop_token) override { return Status::Ok(); }
  Status ReadSlice(const StreamSlice&, const RecordSink&, std::stop_token) override {
    return Status::Ok();
  }
  StreamCursor& cursor() override { return cursor_; }

 private:
  std::string name_;
  FullRefreshCursor cursor_{std::make_unique<SinglePartition>(), Clock::System()};
};

Result<std::optional<WallTime>> TimeOfState(const Component& part, StreamSlicing slicing) {
  const PyValue state = slicing.state;
  slicing.state = PyDict();
  slicing.make_parent = [](const Component&, PyValue) -> Result<std::unique_ptr<ParentStream>> {
    return std::unique_ptr<ParentStream>(std::make_unique<UnreadParent>());
  };
  MR_ASSIGN_OR_RETURN(const std::unique_ptr<StreamCursor> cursor, MakeStreamCursor(part, slicing));
  return cursor->TimeOfState(state);
}

}  // namespace

Result<StateDelegation> DelegateByState(const Component& stream, const StreamSlicing& slicing,
                                        bool in_catalog) {
  MR_ASSIGN_OR_RETURN(const Component full, stream.Child("full_refresh_stream"));
  MR_ASSIGN_OR_RETURN(const Component incremental, stream.Child("incremental_stream"));
  MR_RETURN_IF_ERROR(CheckNames(stream, full, incremental));
  MR_ASSIGN_OR_RETURN(const std::optional<CursorTime> oldest,
                      OldestKept(stream, *slicing.environment));
  if (oldest) {
    MR_RETURN_IF_ERROR(RefuseCounts(full));
    MR_RETURN_IF_ERROR(RefuseCounts(incremental));
  }
  if (!PyTruthy(slicing.state)) return StateDelegation{full};
  if (!oldest || !in_catalog) return StateDelegation{incremental};
  MR_ASSIGN_OR_RETURN(std::optional<WallTime> reached, TimeOfState(full, slicing));
  if (!reached) {
    MR_ASSIGN_OR_RETURN(reached, TimeOfState(incremental, slicing));
  }
  if (reached && reached->time_since_epoch().count() >= oldest->micros) {
    return StateDelegation{incremental};
  }
  if (reached) {
    slicing.environment->messages->Log(
        LogLevel::kWarn, fmt::format("stream {}: its state is older than what the API keeps; it is "
                                     "read as a whole, so that nothing is missed",
                                     slicing.stream));
  }
  return StateDelegation{full, /*state_is_forgotten=*/true};
}

}  // namespace millrace
