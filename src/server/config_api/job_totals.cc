#include "server/config_api/job_totals.h"

#include <nlohmann/json.hpp>

#include "control/schema/sync_catalog.h"
#include "server/config_api/request_fields.h"

namespace millrace {
namespace {

int64_t NumberOf(const Json& stats, std::string_view field) {
  const Json& number = FieldOf(stats, field);
  return number.is_number_integer() ? number.get<int64_t>() : 0;
}

}  // namespace

void MovedRows::Add(const MovedRows& other) {
  records_emitted += other.records_emitted;
  bytes_emitted += other.bytes_emitted;
  records_committed += other.records_committed;
  bytes_committed += other.bytes_committed;
  records_rejected += other.records_rejected;
}

std::map<StreamDescriptor, MovedRows> RowsByStream(const std::vector<Attempt>& attempts) {
  std::map<StreamDescriptor, MovedRows> streams;
  for (const Attempt& attempt : attempts) {
    for (const Json& entry : FieldOf(*attempt.document, "streamStats")) {
      StreamDescriptor stream{TextOf(entry, "streamName"), std::nullopt};
      if (const std::string space = TextOf(entry, "streamNamespace"); !space.empty()) {
        stream.name_space = space;
      }
      const Json& stats = FieldOf(entry, "stats");
      streams[stream].Add({NumberOf(stats, "recordsEmitted"), NumberOf(stats, "bytesEmitted"),
                           NumberOf(stats, "recordsCommitted"), NumberOf(stats, "bytesCommitted"),
                           NumberOf(stats, "recordsRejected")});
    }
  }
  return streams;
}

MovedRows Total(const std::map<StreamDescriptor, MovedRows>& streams) {
  MovedRows total;
  for (const auto& [stream, rows] : streams) total.Add(rows);
  return total;
}

Json MovedRowsJson(const MovedRows& rows) {
  return {{"recordsEmitted", rows.records_emitted},
          {"bytesEmitted", rows.bytes_emitted},
          {"recordsCommitted", rows.records_committed},
          {"bytesCommitted", rows.bytes_committed},
          {"recordsRejected", rows.records_rejected}};
}

Json StreamNameJson(const StreamDescriptor& stream, bool always) {
  Json json{{"streamName", stream.name}};
  if (stream.name_space || always) json["streamNamespace"] = stream.name_space.value_or("");
  return json;
}

}  // namespace millrace
