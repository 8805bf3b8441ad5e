#include "cli/sync_result_text.h"

#include <nlohmann/json.hpp>

#include "attempt/error_json.h"
#include "cli/amount_text.h"
#include "cli/console.h"
#include "cli/duration_text.h"
#include "cli/prepared_connection.h"

namespace millrace {
namespace {

std::string StatusWord(const StreamReport& stream) {
  if (stream.status == "COMPLETE") return "done";
  if (stream.status.empty()) return "not begun";
  return stream.error ? "failed" : "incomplete";
}

/// Colours the word that a line begins its second column with.
std::string_view ColourOf(const std::string& outcome, const Console::Style& style) {
  if (outcome == "succeeded") return style.green;
  return outcome == "failed" ? style.red : style.yellow;
}

std::string TableOf(const SyncResult& result, const Console::Style& style) {
  std::vector<std::vector<std::string>> rows = {{"STREAM", "STATUS", "RECORDS", "READ", "MODE"}};
  for (const StreamReport& stream : result.report.streams) {
    const auto configured = result.configured.find(stream.stream);
    std::string mode;
    if (configured != result.configured.end()) {
      mode = SyncModeName(configured->second.sync_mode, configured->second.destination_sync_mode);
    }
    rows.push_back({stream.stream.ToString(), StatusWord(stream),
                    CountText(stream.records_committed), BytesText(stream.bytes_read), mode});
    for (const auto& [table, records] : stream.derived) {
      rows.push_back({"  + " + table.ToString(), "", CountText(records), "", ""});
    }
  }
  return FormatTable(rows, {false, false, true, true, false}, style);
}

/// What merging took; empty when nothing was merged.
std::string MergeText(const SyncReport& report) {
  MergeTotals merge;
  for (const StreamReport& stream : report.streams) merge += stream.merge;
  if (merge == MergeTotals{}) return "";
  const int64_t removed = merge.files_removed;
  return fmt::format("Merged: {} written again, {} added{}; {} read, {} written\n",
                     CountText(merge.files_replaced, "file"), CountText(merge.files_added),
                     removed > 0 ? fmt::format(", {} removed", CountText(removed)) : "",
                     BytesText(merge.bytes_read), BytesText(merge.bytes_written));
}

Json ErrorJson(const Error& error, FailureOrigin origin) {
  Json json = ErrorToJson(error);
  json["origin"] = ToString(origin);
  return json;
}

}  // namespace

std::string FailedEndText(const SyncResult& result, FailureOrigin origin) {
  const bool source = origin == FailureOrigin::kSource;
  const std::string& name = source ? result.source : result.destination;
  if ((!source && origin != FailureOrigin::kDestination) || name.empty()) return "";
  return fmt::format("the {} ({}): ", source ? "source" : "destination", VisibleText(name));
}

std::string SyncResultText(const std::string& connection, const ConnectorConfig& destination,
                           const SyncResult& result) {
  const Console::Style& style = Console::OutStyle();
  const SyncReport& report = result.report;
  std::string text;
  if (!report.streams.empty()) text += "\n" + TableOf(result, style) + "\n";
  text += fmt::format("{}{}{} {}{}: {}, {} in {}", style.bold, ColourOf(report.outcome, style),
                      connection, report.outcome, style.reset,
                      CountText(report.records_committed, "record"), BytesText(report.bytes_read),
                      DurationText(report.elapsed));
  if (report.elapsed.count() >= 200 && report.records_committed > 0) {
    text +=
        fmt::format(" ({}/s)", CountText(report.records_committed * 1000 / report.elapsed.count()));
  }
  if (result.attempts > 1) text += fmt::format(", {} attempts", result.attempts);
  text += "\n";
  const std::string location = LocationOf(destination);
  if (!location.empty() && report.records_committed > 0) {
    text += fmt::format("The data is in {}{}{}\n", style.bold, location, style.reset);
  }
  text += MergeText(report);
  int64_t changed = 0;
  for (const StreamReport& stream : report.streams) changed += stream.values_changed;
  if (changed > 0) {
    text += fmt::format("{} could not be kept as {}; {}\n", CountText(changed, "value"),
                        changed == 1 ? "it was" : "they were",
                        result.notes_changes ? "_airbyte_meta says which"
                                             : "with metadata: current, the rows would say which");
  }
  for (const StreamReport& stream : report.streams) {
    if (!stream.error || stream.status == "COMPLETE") continue;
    text +=
        fmt::format("{}{}{}: {}{}\n", style.red, VisibleText(stream.stream.ToString()), style.reset,
                    FailedEndText(result, stream.error_origin), VisibleText(stream.error->message));
  }
  return text;
}

Json SyncResultJson(const std::string& connection, const ConnectorConfig& destination,
                    const std::vector<std::string>& warnings, const SyncResult& result) {
  const SyncReport& report = result.report;
  Json streams = Json::array();
  for (const StreamReport& stream : report.streams) {
    Json row = ToJson(stream.stream);
    row["status"] = stream.status.empty() ? Json() : Json(stream.status);
    const auto configured = result.configured.find(stream.stream);
    if (configured != result.configured.end()) {
      const ConfiguredStream& settings = configured->second;
      row["sync_mode"] = SyncModeName(settings.sync_mode, settings.destination_sync_mode);
      row["generation_id"] = settings.generation_id;
    }
    row["records"] = stream.records_committed;
    row["records_read"] = stream.records_read;
    row["bytes"] = stream.bytes_read;
    row["values_changed"] = stream.values_changed;
    if (stream.merge != MergeTotals{}) row["merge"] = ToJson(stream.merge);
    for (const auto& [table, records] : stream.derived) {
      Json derived = ToJson(table);
      derived["records"] = records;
      row["derived"].push_back(std::move(derived));
    }
    if (stream.error) row["error"] = ErrorJson(*stream.error, stream.error_origin);
    streams.push_back(std::move(row));
  }
  const std::string location = LocationOf(destination);
  Json json{
      {"connection", connection},
      {"status", report.outcome},
      {"sync_id", result.sync_id},
      {"attempts", result.attempts},
      {"records", report.records_committed},
      {"bytes", report.bytes_read},
      {"elapsed_ms", report.elapsed.count()},
      {"destination",
       {{"connector", destination.name}, {"location", location.empty() ? Json() : Json(location)}}},
      {"streams", std::move(streams)},
      {"warnings", warnings}};
  if (report.error) json["error"] = ErrorJson(*report.error, report.error_origin);
  return json;
}

}  // namespace millrace
