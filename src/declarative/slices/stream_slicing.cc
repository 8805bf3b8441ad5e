#include "declarative/slices/stream_slicing.h"

#include "declarative/jinja/py_operators.h"
#include "declarative/slices/count_cursor.h"
#include "declarative/slices/datetime_cursor.h"
#include "declarative/slices/full_refresh_cursor.h"
#include "declarative/slices/grouping_router.h"
#include "declarative/slices/legacy_state_migration.h"
#include "declarative/slices/partition_cursor.h"

namespace millrace {
namespace {

Result<std::unique_ptr<StreamCursor>> MakeDatetimeCursor(const Component& cursor,
                                                         std::unique_ptr<PartitionRouter> router,
                                                         const StreamSlicing& slicing) {
  const EngineEnvironment& environment = *slicing.environment;
  MR_ASSIGN_OR_RETURN(
      std::shared_ptr<const DatetimeSettings> settings,
      DatetimeSettings::Make(cursor, slicing.stream, slicing.configured_cursor, environment));
  MR_ASSIGN_OR_RETURN(WindowOptions options,
                      WindowOptions::Make(cursor, "start_time_option", "end_time_option",
                                          settings->start_field, settings->end_field, environment));
  if (dynamic_cast<const SinglePartition*>(router.get()) == nullptr) {
    MR_ASSIGN_OR_RETURN(const bool chosen, cursor.BoolOr("global_substream_cursor", false));
    // A group isn't the same partitions by the next sync: it can't have a position of its own.
    const bool only_global = chosen || dynamic_cast<const GroupingRouter*>(router.get()) != nullptr;
    MR_ASSIGN_OR_RETURN(std::unique_ptr<PartitionCursor> made,
                        PartitionCursor::Make(std::move(settings), std::move(router),
                                              std::move(options), only_global, slicing.state));
    return std::unique_ptr<StreamCursor>(std::move(made));
  }
  MR_ASSIGN_OR_RETURN(std::unique_ptr<DatetimePosition> position,
                      DatetimePosition::Make(settings, slicing.state, /*lookback_s=*/0));
  return std::unique_ptr<StreamCursor>(std::make_unique<DatetimeCursor>(
      std::move(settings), std::move(position), std::move(options)));
}

/// incremental_dependency has its effect through the stream's own state, so one that is read as a
/// whole reads its parents as a whole, too.
void WarnOfDependency(const Component& stream, const StreamSlicing& slicing) {
  const PyValue* retriever = stream.Field("retriever");
  const PyValue* router = retriever == nullptr ? nullptr : retriever->Find("partition_router");
  if (router == nullptr) return;
  for (PyValue each : router->is_list() ? router->items() : PyList{*router}) {
    if (const PyValue* inner = each.Find("underlying_partition_router")) each = PyValue(*inner);
    const PyValue* parents = each.Find("parent_stream_configs");
    if (parents == nullptr || !parents->is_list()) continue;
    for (const PyValue& parent : parents->items()) {
      const PyValue* dependency = parent.Find("incremental_dependency");
      if (dependency == nullptr || !PyTruthy(*dependency)) continue;
      slicing.environment->messages->Log(
          LogLevel::kWarn, "stream " + slicing.stream +
                               ": incremental_dependency has no effect without incremental_sync; "
                               "the parent is read as a whole by every sync");
      return;
    }
  }
}

}  // namespace

Result<std::unique_ptr<StreamCursor>> MakeStreamCursor(const Component& stream,
                                                       const StreamSlicing& slicing) {
  StreamSlicing migrated = slicing;
  MR_ASSIGN_OR_RETURN(migrated.state, MigratedState(stream, slicing));
  MR_ASSIGN_OR_RETURN(const Component retriever, stream.Child("retriever"));
  MR_ASSIGN_OR_RETURN(std::unique_ptr<PartitionRouter> router,
                      MakePartitionRouter(retriever, migrated));
  MR_ASSIGN_OR_RETURN(const std::optional<Component> cursor, stream.ChildIf("incremental_sync"));
  if (!cursor) {
    WarnOfDependency(stream, slicing);
    return std::unique_ptr<StreamCursor>(
        std::make_unique<FullRefreshCursor>(std::move(router), *slicing.environment->clock));
  }
  if (cursor->type() == "DatetimeBasedCursor") {
    return MakeDatetimeCursor(*cursor, std::move(router), migrated);
  }
  if (cursor->type() != "IncrementingCountCursor") return cursor->UnknownType("incremental_sync");
  if (dynamic_cast<const SinglePartition*>(router.get()) == nullptr) {
    return cursor->Error("can't be used together with a partition_router");
  }
  MR_ASSIGN_OR_RETURN(std::unique_ptr<CountCursor> made,
                      CountCursor::Make(*cursor, slicing.stream, slicing.configured_cursor,
                                        migrated.state, *slicing.environment));
  return std::unique_ptr<StreamCursor>(std::move(made));
}

Result<PyValue> MigratedState(const Component& stream, const StreamSlicing& slicing) {
  PyValue state = slicing.state;
  MR_ASSIGN_OR_RETURN(const std::vector<Component> migrations, stream.Children("state_migrations"));
  for (const Component& migration : migrations) {
    if (migration.type() != "LegacyToPerPartitionStateMigration") {
      return migration.UnknownType("a state migration");
    }
    MR_ASSIGN_OR_RETURN(state, MigrateLegacyState(migration, stream, slicing, std::move(state)));
  }
  return state;
}

}  // namespace millrace
