#include "control/jobs/attempt_claim.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "attempt/generation_plan.h"
#include "base/uuid.h"
#include "control/jobs/connection_catalog.h"
#include "control/jobs/generation_table.h"
#include "control/jobs/job_transition.h"
#include "control/store/connection_states.h"
#include "control/store/resource_requirements.h"
#include "control/store/stream_statuses.h"

namespace millrace {
namespace {

std::set<StreamDescriptor> StreamsOf(const Job& job) {
  std::set<StreamDescriptor> streams;
  for (const Json& json : job.document->value("streams", Json::array())) {
    if (auto stream = StreamDescriptorFromJson(json); stream.ok()) streams.insert(*stream);
  }
  return streams;
}

bool Clears(const Job& job) {
  return job.config_type == "clear" || job.config_type == "reset_connection";
}

/// The job that has waited longest, locked against other workers; none when all sources are busy.
Result<std::optional<Job>> TakeWaitingJob(SqlTransaction& transaction, SqlDatabase::Engine engine,
                                          const ClaimRules& rules, int64_t now) {
  constexpr std::string_view kOthersOfSource =
      "(SELECT count(*) FROM job AS other JOIN connection AS theirs "
      "ON theirs.id = other.connection_id "
      "WHERE other.status = 'running' AND theirs.source_id = connection.source_id)";
  constexpr std::string_view kLooked =
      "AND (job.looked = 1 OR job.status = 'incomplete' OR "
      "job.config_type NOT IN ('sync', 'refresh')) ";
  // A lock on the source keeps two workers from both taking its last place.
  const std::string lock = engine == SqlDatabase::Engine::kPostgres
                               ? " FOR UPDATE OF job SKIP LOCKED FOR NO KEY UPDATE OF actor SKIP "
                                 "LOCKED"
                               : "";
  const int64_t limit = rules.per_source_max > 0 ? rules.per_source_max : INT64_MAX;
  // No retry waits that long: the clock that said so has been set back since.
  constexpr int64_t kWaitNonsenseMicros = 3'600'000'000;
  MR_ASSIGN_OR_RETURN(
      const auto rows,
      transaction.Query(fmt::format("SELECT job.id, connection.source_id FROM job "
                                    "JOIN connection ON connection.id = job.connection_id "
                                    "JOIN actor ON actor.id = connection.source_id "
                                    "WHERE job.status IN ('pending', 'incomplete') AND "
                                    "(job.next_attempt_at IS NULL OR job.next_attempt_at <= :1 OR "
                                    "job.next_attempt_at > :3) AND {} < :2 "
                                    "{}ORDER BY job.id LIMIT 1{}",
                                    kOthersOfSource, rules.after_look ? kLooked : "", lock),
                        {now, limit, now + kWaitNonsenseMicros}));
  if (rows.empty()) return std::optional<Job>();
  // What was committed before the lock was had counts, too.
  MR_ASSIGN_OR_RETURN(
      const auto others,
      transaction.Query("SELECT count(*) FROM job JOIN connection "
                        "ON connection.id = job.connection_id "
                        "WHERE job.status = 'running' AND connection.source_id = :1",
                        {rows.front().Text(1)}));
  if (others.at(0).Integer(0) >= limit) return std::optional<Job>();
  return FindJob(transaction, rows.front().Integer(0));
}

/// What the attempt has to do, without generations.
Result<ConfiguredCatalog> WorkOf(const AttemptClaim& claim,
                                 const std::set<StreamDescriptor>& done) {
  MR_ASSIGN_OR_RETURN(ConfiguredCatalog catalog, CatalogOfConnection(claim.connection));
  const std::set<StreamDescriptor> named = StreamsOf(claim.job);
  const bool clears = Clears(claim.job);
  std::erase_if(catalog.streams, [&](const ConfiguredStream& stream) {
    return clears && !named.contains(stream.descriptor());
  });
  const auto is_done = [&](const ConfiguredStream& stream) {
    return done.contains(stream.descriptor());
  };
  // What failed when all were done was no stream's, and is for all of them to try again.
  if (!std::ranges::all_of(catalog.streams, is_done)) std::erase_if(catalog.streams, is_done);
  for (ConfiguredStream& stream : catalog.streams) {
    stream.sync_id = claim.job.id;
    if (!clears) continue;
    // An empty table in the place of the one that is there.
    stream.destination_sync_mode = stream.deduplicates() ? DestinationSyncMode::kOverwriteDedup
                                                         : DestinationSyncMode::kOverwrite;
    stream.sync_mode = SyncMode::kFullRefresh;
    stream.stream.is_resumable = false;
  }
  return catalog;
}

RefreshMode RefreshOf(const Job& job) {
  if (job.config_type != "refresh") return RefreshMode::kNone;
  return job.document->value("refreshMode", "") == "Merge" ? RefreshMode::kMerge
                                                           : RefreshMode::kTruncate;
}

/// Generations for the catalog's streams; what none of them may see of the saved state goes.
Status PlanStreams(SqlTransaction& transaction, bool retried, AttemptClaim* claim) {
  MR_ASSIGN_OR_RETURN(StreamGenerations generations,
                      LoadGenerations(transaction, claim->connection.id));
  const std::set<StreamDescriptor> named = StreamsOf(claim->job);
  const RefreshMode mode = RefreshOf(claim->job);
  const AttemptReason reason{
      [&](const StreamDescriptor& stream) {
        return !retried && named.contains(stream) ? mode : RefreshMode::kNone;
      },
      [&](const std::string& line) { claim->warnings.push_back(line); }, retried, ""};
  const ForgottenStates forgotten =
      PlanGenerations(reason, claim->saved.state, &generations, &claim->catalog);
  MR_RETURN_IF_ERROR(SaveGenerations(transaction, claim->connection.id, generations));
  for (const StreamDescriptor& stream : forgotten.stale) claim->saved.state.Clear(stream);
  bool anew = !forgotten.voided.empty();
  for (const StreamDescriptor& stream : forgotten.voided) claim->saved.state.Clear(stream);
  if (Clears(claim->job)) {
    for (const ConfiguredStream& stream : claim->catalog.streams) {
      claim->saved.state.Clear(stream.descriptor());
    }
    anew = true;
  }
  if (anew) claim->saved = {RandomUuid(), 0, std::move(claim->saved.state)};
  return Status::Ok();
}

/// The streams that earlier attempts of the job brought to their end.
Result<std::set<StreamDescriptor>> CompletedStreams(SqlTransaction& transaction,
                                                    const std::vector<Attempt>& attempts) {
  std::set<StreamDescriptor> done;
  for (const Attempt& attempt : attempts) {
    MR_ASSIGN_OR_RETURN(const auto statuses,
                        ListStreamStatuses(transaction, attempt.job_id, attempt.number));
    for (const StoredStreamStatus& status : statuses) {
      if (status.run_state == "complete") done.insert(status.stream);
    }
  }
  return done;
}

Status FindEnds(SqlTransaction& transaction, AttemptClaim* claim) {
  const Connection& connection = claim->connection;
  MR_ASSIGN_OR_RETURN(auto source,
                      FindActor(transaction, ConnectorType::kSource, connection.source_id));
  if (!source) return ConfigError("the connection's source was deleted");
  MR_ASSIGN_OR_RETURN(auto destination, FindActor(transaction, ConnectorType::kDestination,
                                                  connection.destination_id));
  if (!destination) return ConfigError("the connection's destination was deleted");
  claim->source = *std::move(source);
  claim->destination = *std::move(destination);
  MR_ASSIGN_OR_RETURN(claim->source_resources,
                      FindEndResources(transaction, ConnectorType::kSource, claim->source.id,
                                       claim->source.definition_id));
  MR_ASSIGN_OR_RETURN(claim->destination_resources,
                      FindEndResources(transaction, ConnectorType::kDestination,
                                       claim->destination.id, claim->destination.definition_id));
  return Status::Ok();
}

}  // namespace

Result<std::optional<AttemptClaim>> ClaimAttempt(SqlTransaction& transaction,
                                                 SqlDatabase::Engine engine,
                                                 const ClaimRules& rules, int64_t now) {
  AttemptClaim claim;
  MR_ASSIGN_OR_RETURN(auto job, TakeWaitingJob(transaction, engine, rules, now));
  if (!job) return std::optional<AttemptClaim>();
  claim.job = *std::move(job);
  MR_ASSIGN_OR_RETURN(auto connection, FindConnection(transaction, claim.job.connection_id));
  if (!connection) {
    MR_RETURN_IF_ERROR(MoveJob(transaction, &claim.job, JobEvent::kCanceled, now).status());
    return std::optional<AttemptClaim>();
  }
  claim.connection = *std::move(connection);
  MR_ASSIGN_OR_RETURN(const auto earlier, AttemptsOf(transaction, claim.job.id));

  Attempt& attempt = claim.attempt;
  attempt.job_id = claim.job.id;
  attempt.number = static_cast<int64_t>(earlier.size());
  attempt.status = "running";
  attempt.worker = rules.worker;
  attempt.lease_until = now + rules.lease_micros;
  attempt.created_at = attempt.updated_at = now;
  MR_ASSIGN_OR_RETURN(attempt.fencing_token, NextFencingToken(transaction, now));
  MR_RETURN_IF_ERROR(InsertAttempt(transaction, attempt));
  MR_ASSIGN_OR_RETURN(const bool moved,
                      MoveJob(transaction, &claim.job, JobEvent::kAttemptStarted, now));
  if (!moved) return SystemError("job {} can't begin an attempt", claim.job.id);

  MR_ASSIGN_OR_RETURN(const auto state, FindConnectionState(transaction, claim.connection.id));
  claim.saved = state ? state->saved : SavedState{RandomUuid(), 0, {}};
  MR_ASSIGN_OR_RETURN(const auto done, CompletedStreams(transaction, earlier));
  claim.problem = FindEnds(transaction, &claim);
  if (claim.problem.ok()) {
    auto work = WorkOf(claim, done);
    claim.problem = work.status();
    if (work.ok()) claim.catalog = *std::move(work);
  }
  if (claim.problem.ok()) {
    MR_RETURN_IF_ERROR(PlanStreams(transaction, /*retried=*/attempt.number > 0, &claim));
  }
  for (const ConfiguredStream& stream : claim.catalog.streams) {
    MR_RETURN_IF_ERROR(
        PutStreamStatus(transaction, {claim.job.id, attempt.number, stream.descriptor(),
                                      claim.connection.id, "pending", "", now}));
  }
  MR_RETURN_IF_ERROR(PutConnectionState(transaction, claim.connection.id,
                                        {claim.saved, attempt.fencing_token, now}));
  return std::optional(std::move(claim));
}

}  // namespace millrace
