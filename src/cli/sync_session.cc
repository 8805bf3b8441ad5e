#include "cli/sync_session.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/catalog_configuration.h"
#include "cli/generation_plan.h"
#include "cli/sync_result_text.h"

namespace millrace {
namespace {

constexpr int kAttemptsMax = 3;
/// Before the second and the third attempt.
constexpr std::chrono::milliseconds kPauses[] = {std::chrono::seconds(1), std::chrono::seconds(4)};

bool IsTransient(const std::optional<Error>& error) {
  return error && error->type == FailureType::kTransientError;
}

/// True when nothing but time stands in the way of the rest.
bool WorthRetrying(const SyncReport& report) {
  if (report.outcome != "failed" && report.outcome != "partial") return false;
  bool transient = IsTransient(report.error);
  for (const StreamReport& stream : report.streams) {
    if (stream.error && !IsTransient(stream.error)) return false;
    transient = transient || IsTransient(stream.error);
  }
  return transient && (!report.error || IsTransient(report.error));
}

/// True when what earlier attempts committed is read and committed again.
bool ReadsAnew(const ConfiguredStream& stream) {
  if (stream.sync_mode == SyncMode::kFullRefresh) return !stream.goes_on;
  return stream.replaces_table();
}

Result<RecordCounts> CountsFromJson(const Json& json) {
  RecordCounts counts;
  for (const Json& row : json) {
    MR_ASSIGN_OR_RETURN(const auto stream, StreamDescriptorFromJson(row));
    counts[stream] = row.value("records", int64_t{0});
  }
  return counts;
}

}  // namespace

SyncSession::SyncSession(Request request, ConnectionFolder& folder, SyncCounters counters,
                         KeptConfigs& kept, InterruptSignals& signals, ProgressDisplay& display)
    : request_(std::move(request)),
      store_(folder.state_path()),
      counters_(std::move(counters)),
      kept_(kept),
      signals_(signals),
      display_(display) {}

SyncResult SyncSession::Run() {
  const auto began = std::chrono::steady_clock::now();
  counters_.BeginSync();
  result_.sync_id = counters_.sync_id();
  if (request_.start.source) result_.source = request_.start.source->name;
  if (request_.start.destination) result_.destination = request_.start.destination->name;
  result_.notes_changes = request_.file->metadata == "current";
  while (RunAttempt() && PauseBeforeRetry()) {
  }
  display_.End();
  result_.report.elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - began);
  if (const Status saved = counters_.Save(); saved.failed() && !result_.report.error) {
    result_.report.error = saved.error();
    result_.report.outcome = "failed";
  }
  return std::move(result_);
}

bool SyncSession::RunAttempt() {
  ++result_.attempts;
  counters_.BeginAttempt(Clock::System().WallNow());
  live_.clear();
  StartDocument start = request_.start;
  kept_.Use(&start);
  start.attempt = counters_.attempt_id();
  start.fencing_token = counters_.fencing_token();
  AttemptConversation conversation(signals_, display_);
  conversation.set_answerer([this](const Json& message) { return Answer(message); });
  conversation.set_keep_config([this](const ConfigChange& change) { return kept_.Keep(change); });
  conversation.set_progress_listener([this](const StreamReport& report) { OnProgress(report); });
  const AttemptOutcome outcome = conversation.Run(start);
  Settle(outcome);
  return result_.attempts < kAttemptsMax && !outcome.interrupted && WorthRetrying(result_.report);
}

/// Makes the result of what the attempt said last, or of how it ended.
void SyncSession::Settle(const AttemptOutcome& outcome) {
  result_.before_contact = outcome.before_contact;
  if (outcome.status.ok()) {
    auto report = SyncReportFromJson(*outcome.result);
    if (report.ok()) {
      MergeReport(*report);
      if (outcome.interrupted && report->outcome != "succeeded") {
        result_.report.outcome = "interrupted";
      }
      return;
    }
    result_.report.error = report.status().error();
  } else if (outcome.status.failed()) {
    result_.report.error = outcome.status.error();
    result_.report.error_origin = outcome.origin;
  }
  // No report: what was last heard of the streams stands.
  SyncReport heard;
  heard.outcome = outcome.interrupted ? "interrupted" : "failed";
  if (!outcome.interrupted) {
    heard.error = result_.report.error;
    heard.error_origin = result_.report.error_origin;
  }
  for (const auto& [stream, report] : live_) heard.streams.push_back(report);
  MergeReport(heard);
}

void SyncSession::MergeReport(const SyncReport& report) {
  result_.report.outcome = report.outcome;
  result_.report.error = report.error;
  result_.report.error_origin = report.error_origin;
  for (const StreamReport& stream : report.streams) MergeStream(stream);
  SyncReport& total = result_.report;
  total.records_read = total.bytes_read = total.records_committed = 0;
  bool all_complete = true;
  for (const StreamReport& stream : total.streams) {
    total.records_read += stream.records_read;
    total.bytes_read += stream.bytes_read;
    total.records_committed += stream.records_committed;
    all_complete = all_complete && stream.status == "COMPLETE";
  }
  // An attempt that failed after earlier ones completed some streams is a partial success.
  const bool any_complete =
      std::any_of(total.streams.begin(), total.streams.end(),
                  [](const auto& stream) { return stream.status == "COMPLETE"; });
  if (total.outcome == "failed" && any_complete && !complete_.empty()) total.outcome = "partial";
}

void SyncSession::MergeStream(const StreamReport& report) {
  StreamReport merged = report;
  if (merged.status == "COMPLETE") {
    merged.records_committed = merged.records_read;
    complete_.insert(merged.stream);
    counters_.generations().Complete(merged.stream);
  }
  StreamReport& earlier = earlier_[merged.stream];
  const auto configured = result_.configured.find(merged.stream);
  const bool anew = configured != result_.configured.end() && ReadsAnew(configured->second);
  if (!anew) {
    // What earlier attempts committed is not read again.
    merged.records_read += earlier.records_committed;
    merged.records_committed += earlier.records_committed;
    merged.bytes_read += earlier.bytes_read;
    for (size_t i = 0; i < earlier.derived.size() && i < merged.derived.size(); ++i) {
      merged.derived[i].second += earlier.derived[i].second;  // the same tables in each attempt
    }
  }
  merged.merge += earlier.merge;  // work done, whatever became of it
  earlier.merge = merged.merge;
  earlier.records_committed = merged.records_committed;
  earlier.bytes_read = merged.bytes_read;
  earlier.derived = merged.derived;
  for (StreamReport& known : result_.report.streams) {
    if (known.stream != merged.stream) continue;
    known = std::move(merged);
    return;
  }
  result_.report.streams.push_back(std::move(merged));
}

bool SyncSession::PauseBeforeRetry() {
  const auto pause = kPauses[result_.attempts - 1];
  const SyncReport& report = result_.report;
  std::string why = report.error
                        ? FailedEndText(result_, report.error_origin) + report.error->message
                        : "a stream failed";
  for (const StreamReport& stream : report.streams) {
    if (!report.error && stream.error) {
      why = FailedEndText(result_, stream.error_origin) + stream.error->message;
    }
  }
  display_.Log(LogLevel::kWarn,
               fmt::format("attempt {} of {} failed: {}; trying again in {} s", result_.attempts,
                           kAttemptsMax, why, pause.count() / 1000));
  if (!signals_.WaitFor(static_cast<int>(pause.count()))) return true;
  result_.report.outcome = "interrupted";
  return false;
}

Result<Json> SyncSession::Answer(const Json& message) {
  if (message["type"] == Json("CATALOG")) return AnswerCatalog(message);
  return AnswerState(message);
}

Result<Json> SyncSession::AnswerCatalog(const Json& message) {
  MR_ASSIGN_OR_RETURN(const Catalog discovered, CatalogFromJson(message.value("catalog", Json())));
  MR_ASSIGN_OR_RETURN(ConfiguredCatalog catalog,
                      ConfigureCatalog(*request_.file, discovered, request_.only));
  const bool retried = result_.attempts > 1;
  const auto is_complete = [&](const ConfiguredStream& stream) {
    return complete_.contains(stream.descriptor());
  };
  // What failed when all were complete was no stream's, and is for all of them to try again.
  if (!std::ranges::all_of(catalog.streams, is_complete)) {
    std::erase_if(catalog.streams, is_complete);
  }
  const StartDocument& start = request_.start;
  const AttemptReason reason{[&](const StreamDescriptor&) {
                               const bool refreshed = request_.full_refresh && !retried;
                               return refreshed ? RefreshMode::kTruncate : RefreshMode::kNone;
                             },
                             [&](const std::string& line) { display_.Log(LogLevel::kWarn, line); },
                             retried,
                             fmt::format("{} {} {} {}", start.metadata, start.normalization,
                                         start.raw_tables, start.number_format)};
  MR_RETURN_IF_ERROR(AssignGenerations(reason, counters_, store_, &catalog));
  std::vector<StreamDescriptor> order;
  for (const ConfiguredStream& stream : catalog.streams) {
    order.push_back(stream.descriptor());
    result_.configured[stream.descriptor()] = stream;
  }
  MR_ASSIGN_OR_RETURN(const SavedState saved, store_.Load());
  display_.Begin(std::move(order));
  return Json{{"catalog", ToJson(catalog)}, {"saved", ToJson(saved)}};
}

Result<Json> SyncSession::AnswerState(const Json& message) {
  MR_ASSIGN_OR_RETURN(const StateMessage state,
                      StateMessageFromJson(message.value("state", Json())));
  MR_ASSIGN_OR_RETURN(const RecordCounts counts,
                      CountsFromJson(message.value("counts", Json::array())));
  MR_RETURN_IF_ERROR(store_.Save(state, message.value("checkpoint", CheckpointId{0}), counts));
  return Json();
}

void SyncSession::OnProgress(const StreamReport& report) {
  live_[report.stream] = report;
  if (report.status == "COMPLETE" && counters_.generations().Complete(report.stream)) {
    // Saved now, so that a crash later in this sync doesn't build the table again.
    if (const Status saved = counters_.Save(); !saved.ok()) {
      display_.Log(LogLevel::kWarn, saved.ToString());
    }
  }
}

}  // namespace millrace
