#include "control/connections/connection_service.h"

#include <nlohmann/json.hpp>
#include <set>

#include "base/uuid.h"
#include "control/connections/connection_rules.h"
#include "control/connections/connection_timeline.h"
#include "control/connections/destination_modes.h"
#include "control/connections/outdated_streams.h"
#include "control/schedule/schedule_document.h"
#include "control/schema/sync_catalog.h"
#include "control/store/actors.h"
#include "control/store/connection_lock.h"
#include "control/store/discovered_catalogs.h"
#include "control/store/jobs.h"
#include "control/store/tags.h"

namespace millrace {
namespace {

/// A change is tried again on what somebody else made of the connection meanwhile, so often.
constexpr int kTriesMax = 5;

std::string TextIn(const Json& body, std::string_view name) {
  const Json& field = FieldOf(body, name);
  return field.is_string() ? field.get<std::string>() : std::string();
}

ConnectionOutcome NotThere(std::string what, std::string id) {
  return {ConnectionOutcome::Kind::kNotThere, std::move(what), std::move(id), {}, {}};
}

/// Ids of `tags`: a list of tags or of their ids. A tag that isn't there: its id in `missing`.
Result<std::vector<std::string>> TagIdsOf(SqlTransaction& transaction, const Json& tags,
                                          const std::string& workspace_id, std::string* missing) {
  std::set<std::string> ids;
  if (tags.is_null()) return std::vector<std::string>();
  if (!tags.is_array()) return ConfigError("tags must be a list");
  for (const Json& tag : tags) {
    const std::string id = tag.is_string() ? tag.get<std::string>() : TextIn(tag, "tagId");
    MR_ASSIGN_OR_RETURN(const auto found, FindTag(transaction, id));
    if (!found || found->workspace_id != workspace_id) {
      *missing = id;
      return std::vector<std::string>();
    }
    ids.insert(id);
  }
  return std::vector<std::string>(ids.begin(), ids.end());
}

/// When the schedule's next job is due, from what it was to what it is now.
Result<std::optional<int64_t>> NextRunOf(SqlTransaction& transaction, const Connection& connection,
                                         int64_t now) {
  if (connection.status != "active") return std::optional<int64_t>();
  MR_ASSIGN_OR_RETURN(const Schedule schedule, ScheduleFromDocument(*connection.document));
  std::optional<int64_t> last_run;
  if (schedule.kind == Schedule::Kind::kEvery) {
    JobFilter filter;
    filter.connection_ids = {connection.id};
    filter.config_types = {"sync", "refresh"};
    MR_ASSIGN_OR_RETURN(const auto jobs, ListJobs(transaction, filter, {.limit = 1, .offset = 0}));
    if (!jobs.empty()) last_run = jobs.front().created_at;
  }
  return NextRun(schedule, connection.id, last_run, now);
}

bool HasScheduleOf(const Connection& before, const Connection& after) {
  return FieldOf(*before.document, "scheduleType") == FieldOf(*after.document, "scheduleType") &&
         FieldOf(*before.document, "scheduleData") == FieldOf(*after.document, "scheduleData");
}

/// A cron expression may be one and still name no day to come: a year that is over, 31 April.
Status CheckScheduleRuns(const Connection& connection, int64_t now) {
  MR_ASSIGN_OR_RETURN(const Schedule schedule, ScheduleFromDocument(*connection.document));
  if (schedule.kind != Schedule::Kind::kCron) return Status::Ok();
  if (NextRun(schedule, connection.id, std::nullopt, now)) return Status::Ok();
  const Json& cron = FieldOf(FieldOf(*connection.document, "scheduleData"), "cron");
  return ConfigError("cron \"{}\": it never comes again: no day from now on matches all its fields",
                     TextIn(cron, "cronExpression"));
}

/// Whether what its next run depends on differs.
bool IsRescheduled(const Connection& before, const Connection& after) {
  return before.status != after.status || !HasScheduleOf(before, after);
}

}  // namespace

struct ConnectionService::Ends {
  Actor source;
  Actor destination;
  CatalogKnowledge known;
  std::string catalog_id;  ///< of what the source offers; empty: not known

  /// The fields of a request; with a catalog goes what its sender could choose from.
  Json FieldsOf(const Json& body) const {
    Json fields = body;
    if (!catalog_id.empty() && !FieldOf(body, "syncCatalog").is_null() &&
        FieldOf(body, "sourceCatalogId").is_null()) {
      fields["sourceCatalogId"] = catalog_id;
    }
    return fields;
  }
};

Result<std::optional<ConnectionOutcome>> ConnectionService::FindEnds(
    SqlTransaction& transaction, const std::string& source_id, const std::string& destination_id,
    Ends* ends) const {
  MR_ASSIGN_OR_RETURN(const auto source, FindActor(transaction, ConnectorType::kSource, source_id));
  if (!source) return std::optional(NotThere("source", source_id));
  MR_ASSIGN_OR_RETURN(const auto destination,
                      FindActor(transaction, ConnectorType::kDestination, destination_id));
  if (!destination) return std::optional(NotThere("destination", destination_id));
  if (source->workspace_id != destination->workspace_id) {
    return ConfigError("the source and the destination belong to different workspaces");
  }
  ends->source = *source;
  ends->destination = *destination;
  MR_ASSIGN_OR_RETURN(ends->known.destination_modes,
                      DestinationModesOf(transaction, definitions_, destination->definition_id));
  MR_ASSIGN_OR_RETURN(const auto offered, LatestDiscoveredCatalog(transaction, source_id, ""));
  if (offered) {
    MR_ASSIGN_OR_RETURN(Json catalog, SyncCatalogOf(*offered->catalog));
    ends->known.offered = std::move(catalog);
    ends->catalog_id = offered->id;
  }
  return std::optional<ConnectionOutcome>();
}

Result<ConnectionOutcome> ConnectionService::CreateIn(SqlTransaction& transaction,
                                                      const Json& body) const {
  Ends ends;
  MR_ASSIGN_OR_RETURN(const auto missing, FindEnds(transaction, TextIn(body, "sourceId"),
                                                   TextIn(body, "destinationId"), &ends));
  if (missing) return *missing;
  Connection connection;
  connection.id = RandomUuid();
  connection.workspace_id = ends.source.workspace_id;
  connection.source_id = ends.source.id;
  connection.destination_id = ends.destination.id;
  connection.name = ends.source.name + " → " + ends.destination.name;
  connection.created_at = connection.updated_at = Now();
  MR_RETURN_IF_ERROR(ApplyConnectionFields(ends.known, ends.FieldsOf(body), &connection));
  MR_RETURN_IF_ERROR(CheckScheduleRuns(connection, Now()));
  std::string missing_tag;
  MR_ASSIGN_OR_RETURN(const auto tags, TagIdsOf(transaction, FieldOf(body, "tags"),
                                                connection.workspace_id, &missing_tag));
  if (!missing_tag.empty()) return NotThere("tag", missing_tag);
  MR_ASSIGN_OR_RETURN(connection.next_run_at, NextRunOf(transaction, connection, Now()));
  MR_RETURN_IF_ERROR(InsertConnection(transaction, connection));
  MR_RETURN_IF_ERROR(SetTagsOfConnection(transaction, connection.id, tags));
  return ConnectionOutcome{ConnectionOutcome::Kind::kDone, "", "", std::move(connection), {}};
}

Result<ConnectionOutcome> ConnectionService::Create(const Json& body, const ChangeReason&) const {
  ConnectionOutcome outcome;
  MR_RETURN_IF_ERROR(database_.Write([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(outcome, CreateIn(transaction, body));
    return Status::Ok();
  }));
  return outcome;
}

Result<ConnectionOutcome> ConnectionService::UpdateIn(SqlTransaction& transaction, const Json& body,
                                                      const ChangeReason& reason) const {
  const std::string id = TextIn(body, "connectionId");
  for (int attempt = 0; attempt < kTriesMax; ++attempt) {
    MR_ASSIGN_OR_RETURN(const auto before, FindConnection(transaction, id));
    if (!before) return NotThere("connection", id);
    Ends ends;
    MR_ASSIGN_OR_RETURN(const auto missing,
                        FindEnds(transaction, before->source_id, before->destination_id, &ends));
    if (missing) return *missing;
    for (const Json& entry : FieldOf(FieldOf(*before->document, "syncCatalog"), "streams")) {
      ends.known.had.insert(DescriptorOf(entry));
    }
    Connection after = *before;
    MR_RETURN_IF_ERROR(ApplyConnectionFields(ends.known, ends.FieldsOf(body), &after));
    after.updated_at = Now();
    if (!HasScheduleOf(*before, after)) MR_RETURN_IF_ERROR(CheckScheduleRuns(after, Now()));
    if (IsRescheduled(*before, after)) {
      MR_ASSIGN_OR_RETURN(after.next_run_at, NextRunOf(transaction, after, Now()));
    }
    if (body.contains("tags")) {
      std::string missing_tag;
      MR_ASSIGN_OR_RETURN(const auto tags,
                          TagIdsOf(transaction, body.at("tags"), after.workspace_id, &missing_tag));
      if (!missing_tag.empty()) return NotThere("tag", missing_tag);
      MR_RETURN_IF_ERROR(SetTagsOfConnection(transaction, id, tags));
    }
    MR_ASSIGN_OR_RETURN(const bool updated, UpdateConnection(transaction, after));
    if (!updated) continue;
    ++after.revision;
    MR_RETURN_IF_ERROR(TellConnectionChanged(transaction, *before, after, reason));
    auto outdated = OutdatedStreams(FieldOf(*before->document, "syncCatalog"),
                                    FieldOf(*after.document, "syncCatalog"));
    return ConnectionOutcome{ConnectionOutcome::Kind::kDone, "", "", std::move(after),
                             std::move(outdated)};
  }
  return ConnectionOutcome{ConnectionOutcome::Kind::kConflict, "connection", id, {}, {}};
}

Result<ConnectionOutcome> ConnectionService::Update(const Json& body,
                                                    const ChangeReason& reason) const {
  // Clients of Airbyte delete that way, too.
  if (TextIn(body, "status") == "deprecated") return Delete(TextIn(body, "connectionId"), reason);
  ConnectionOutcome outcome;
  MR_RETURN_IF_ERROR(database_.Write([&](SqlTransaction& transaction) -> Status {
    MR_RETURN_IF_ERROR(LockConnection(transaction, TextIn(body, "connectionId")));
    MR_ASSIGN_OR_RETURN(outcome, UpdateIn(transaction, body, reason));
    return Status::Ok();
  }));
  return outcome;
}

Result<ConnectionOutcome> ConnectionService::Delete(const std::string& id,
                                                    const ChangeReason& reason) const {
  ConnectionOutcome outcome;
  MR_RETURN_IF_ERROR(database_.Write([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(auto found, FindConnection(transaction, id));
    outcome = found
                  ? ConnectionOutcome{ConnectionOutcome::Kind::kDone, "", "", *std::move(found), {}}
                  : NotThere("connection", id);
    if (outcome.kind != ConnectionOutcome::Kind::kDone) return Status::Ok();
    if (before_delete_) MR_RETURN_IF_ERROR(before_delete_(transaction, id, reason));
    return DeleteConnection(transaction, id, Now());
  }));
  return outcome;
}

}  // namespace millrace
