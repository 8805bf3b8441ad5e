#include "attempt/sync_report.h"

#include <nlohmann/json.hpp>

#include "attempt/error_json.h"
#include "protocol/catalog.h"

namespace millrace {
namespace {

std::optional<int64_t> OptionalCount(const Json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_number_integer()) return std::nullopt;
  return found->get<int64_t>();
}

MergeTotals MergeTotalsFromJson(const Json& json) {
  MergeTotals merge;
  merge.files_replaced = json.at("files_replaced");
  merge.files_added = json.at("files_added");
  merge.files_removed = json.at("files_removed");
  merge.bytes_read = json.at("bytes_read");
  merge.bytes_written = json.at("bytes_written");
  return merge;
}

std::optional<Error> OptionalError(const Json& json) {
  const auto found = json.find("error");
  if (found == json.end() || found->is_null()) return std::nullopt;
  return ErrorFromJson(*found);
}

void PutError(const Error& error, FailureOrigin origin, Json* json) {
  (*json)["error"] = ErrorToJson(error);
  (*json)["error_origin"] = ToString(origin);
}

FailureOrigin ErrorOrigin(const Json& json) {
  return FailureOriginOf(json.value("error_origin", ""));
}

}  // namespace

Json ToJson(const MergeTotals& merge) {
  return {{"files_replaced", merge.files_replaced},
          {"files_added", merge.files_added},
          {"files_removed", merge.files_removed},
          {"bytes_read", merge.bytes_read},
          {"bytes_written", merge.bytes_written}};
}

Json ToJson(const StreamReport& report) {
  Json json = ToJson(report.stream);
  json["status"] = report.status;
  json["records_read"] = report.records_read;
  json["bytes_read"] = report.bytes_read;
  json["records_committed"] = report.records_committed;
  json["values_changed"] = report.values_changed;
  for (const auto& [stream, records] : report.derived) {
    Json table = ToJson(stream);
    table["records"] = records;
    json["derived"].push_back(std::move(table));
  }
  if (report.merge != MergeTotals{}) json["merge"] = ToJson(report.merge);
  if (report.estimated_records) json["estimated_records"] = *report.estimated_records;
  if (report.estimated_bytes) json["estimated_bytes"] = *report.estimated_bytes;
  if (report.error) PutError(*report.error, report.error_origin, &json);
  return json;
}

Json ToJson(const SyncReport& report) {
  Json streams = Json::array();
  for (const StreamReport& stream : report.streams) streams.push_back(ToJson(stream));
  Json json{{"outcome", report.outcome},
            {"records_read", report.records_read},
            {"bytes_read", report.bytes_read},
            {"records_committed", report.records_committed},
            {"elapsed_ms", report.elapsed.count()},
            {"streams", std::move(streams)}};
  if (report.error) PutError(*report.error, report.error_origin, &json);
  return json;
}

Result<StreamReport> StreamReportFromJson(const Json& json) {
  StreamReport report;
  try {
    MR_ASSIGN_OR_RETURN(report.stream, StreamDescriptorFromJson(json));
    report.status = json.at("status").get<std::string>();
    report.records_read = json.at("records_read").get<int64_t>();
    report.bytes_read = json.at("bytes_read").get<int64_t>();
    report.records_committed = json.at("records_committed").get<int64_t>();
    report.values_changed = json.at("values_changed").get<int64_t>();
    for (const Json& table : json.value("derived", Json::array())) {
      MR_ASSIGN_OR_RETURN(auto stream, StreamDescriptorFromJson(table));
      report.derived.emplace_back(std::move(stream), table.at("records").get<int64_t>());
    }
    if (json.contains("merge")) report.merge = MergeTotalsFromJson(json["merge"]);
    report.estimated_records = OptionalCount(json, "estimated_records");
    report.estimated_bytes = OptionalCount(json, "estimated_bytes");
    report.error = OptionalError(json);
    report.error_origin = ErrorOrigin(json);
  } catch (const Json::exception& error) {
    return SystemError("a stream's report that is none: {}", error.what());
  }
  return report;
}

Result<SyncReport> SyncReportFromJson(const Json& json) {
  SyncReport report;
  try {
    report.outcome = json.at("outcome").get<std::string>();
    report.records_read = json.at("records_read").get<int64_t>();
    report.bytes_read = json.at("bytes_read").get<int64_t>();
    report.records_committed = json.at("records_committed").get<int64_t>();
    report.elapsed = std::chrono::milliseconds(json.at("elapsed_ms").get<int64_t>());
    for (const Json& stream : json.at("streams")) {
      MR_ASSIGN_OR_RETURN(auto stream_report, StreamReportFromJson(stream));
      report.streams.push_back(std::move(stream_report));
    }
    report.error = OptionalError(json);
    report.error_origin = ErrorOrigin(json);
  } catch (const Json::exception& error) {
    return SystemError("a sync's report that is none: {}", error.what());
  }
  return report;
}

}  // namespace millrace
