#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/stream_descriptor.h"
#include "control/store/jobs.h"

namespace millrace {

/// What a job has moved, all of its attempts together. A plain value.
struct MovedRows {
  int64_t records_emitted = 0;
  int64_t bytes_emitted = 0;
  int64_t records_committed = 0;
  int64_t bytes_committed = 0;
  int64_t records_rejected = 0;

  void Add(const MovedRows& other);
};

/// By stream, from the statistics in the attempts' documents.
std::map<StreamDescriptor, MovedRows> RowsByStream(const std::vector<Attempt>& attempts);
MovedRows Total(const std::map<StreamDescriptor, MovedRows>& streams);

/// {"recordsEmitted", "bytesEmitted", "recordsCommitted", "bytesCommitted", "recordsRejected"}
Json MovedRowsJson(const MovedRows& rows);
/// {"streamName", "streamNamespace"}; the namespace "" when there is none and `always`.
Json StreamNameJson(const StreamDescriptor& stream, bool always);

}  // namespace millrace
