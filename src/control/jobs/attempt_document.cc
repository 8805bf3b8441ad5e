#include "control/jobs/attempt_document.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/secrets.h"
#include "protocol/catalog.h"

namespace millrace {
namespace {

constexpr int64_t kMicrosPerMilli = 1000;

struct Counts {
  int64_t records = 0, bytes = 0, committed = 0, bytes_committed = 0;
  std::optional<int64_t> estimated_records, estimated_bytes;

  static void Add(std::optional<int64_t>* sum, const std::optional<int64_t>& value) {
    if (value) *sum = sum->value_or(0) + *value;
  }
  void Add(const Counts& other) {
    records += other.records;
    bytes += other.bytes;
    committed += other.committed;
    bytes_committed += other.bytes_committed;
    Add(&estimated_records, other.estimated_records);
    Add(&estimated_bytes, other.estimated_bytes);
  }
};

Counts CountsOf(const StreamReport& report) {
  Counts counts{report.records_read,      report.bytes_read,     report.records_committed, 0,
                report.estimated_records, report.estimated_bytes};
  // What a stream's rows weigh is known on average only.
  if (report.records_read > 0) {
    const double share =
        static_cast<double>(report.records_committed) / static_cast<double>(report.records_read);
    counts.bytes_committed =
        static_cast<int64_t>(static_cast<double>(report.bytes_read) * std::min(share, 1.0));
  }
  return counts;
}

Json ToJson(const Counts& counts, int64_t states) {
  Json json{{"recordsEmitted", counts.records},         {"bytesEmitted", counts.bytes},
            {"stateMessagesEmitted", states},           {"recordsCommitted", counts.committed},
            {"bytesCommitted", counts.bytes_committed}, {"recordsRejected", 0}};
  if (counts.estimated_records) json["estimatedRecords"] = *counts.estimated_records;
  if (counts.estimated_bytes) json["estimatedBytes"] = *counts.estimated_bytes;
  return json;
}

}  // namespace

Json AttemptStats(const std::map<StreamDescriptor, StreamReport>& streams, int64_t states) {
  Counts total;
  Json stream_stats = Json::array();
  for (const auto& [stream, report] : streams) {
    const Counts counts = CountsOf(report);
    total.Add(counts);
    Json entry{{"streamName", stream.name}};
    if (stream.name_space) entry["streamNamespace"] = *stream.name_space;
    entry["stats"] = ToJson(counts, 0);
    stream_stats.push_back(std::move(entry));
  }
  return Json{{"totalStats", ToJson(total, states)}, {"streamStats", std::move(stream_stats)}};
}

JsonValue FailureJson(const Error& error, FailureOrigin origin, int64_t now,
                      const std::string& failure_type) {
  Json json{
      {"failureOrigin", ToString(origin)},
      {"failureType", failure_type.empty() ? std::string(ToString(error.type)) : failure_type},
      {"externalMessage", Secrets::Redact(error.message)},
      {"retryable", error.type != FailureType::kConfigError},
      {"timestamp", now / kMicrosPerMilli}};
  if (!error.internal.empty()) json["internalMessage"] = Secrets::Redact(error.internal);
  if (error.stream) json["streamDescriptor"] = ToJson(*error.stream);
  return json;
}

Json WithFailures(Json document, const std::vector<JsonValue>& failures) {
  Json list = Json::array();
  for (const JsonValue& failure : failures) list.push_back(*failure);
  const bool partial = RecordsCommitted(document) > 0;
  document["failureSummary"] = {{"partialSuccess", partial}, {"failures", std::move(list)}};
  return document;
}

int64_t RecordsCommitted(const Json& document) {
  return document.value("totalStats", Json::object()).value("recordsCommitted", int64_t{0});
}

bool HasConfigError(const Json& document) {
  const Json summary = document.value("failureSummary", Json::object());
  const Json failures = summary.value("failures", Json::array());
  return std::any_of(failures.begin(), failures.end(), [](const Json& failure) {
    return failure.value("failureType", "") == ToString(FailureType::kConfigError);
  });
}

}  // namespace millrace
