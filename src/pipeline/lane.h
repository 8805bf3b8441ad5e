#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/result.h"
#include "connector/destination.h"
#include "pipeline/sync_context.h"
#include "pipeline/synced_stream.h"
#include "transform/stream_transform.h"

namespace millrace {

/// One way of a stream's rows into the destination: transform, then writer. Belongs to a reader's
/// thread (partitions) or to the stream's queue; one thread at a time. Every failure names the
/// stream.
class Lane {
 public:
  Lane(SyncContext& context, SyncedStream& stream, int number)
      : context_(context), stream_(stream), number_(number) {}

  /// Opens the writer, or gives it a new schema. The same schema again changes nothing.
  Status Open(const SchemaPtr& schema);
  bool is_open() const { return writer_ != nullptr; }

  /// Require is_open().
  Status Write(ChangeBatch batch);
  Status Truncate();
  /// Everything written is durable and handed over; nothing when nothing was written. Blocks for
  /// I/O.
  Result<std::optional<StagedParts>> Flush();

  /// Frees the writer and what it holds in memory. What was not flushed is lost.
  void Close() { writer_.reset(); }

  /// Counts since the last flush.
  int64_t bytes_since_flush() const { return bytes_since_flush_; }
  int64_t records_since_flush() const { return records_since_flush_; }

 private:
  Status InContext(const Status& status, std::string_view doing) const;

  SyncContext& context_;
  SyncedStream& stream_;
  const int number_;
  std::optional<StreamTransform> transform_;
  std::unique_ptr<StreamWriter> writer_;
  int64_t bytes_since_flush_ = 0;
  int64_t records_since_flush_ = 0;
  bool touched_since_flush_ = false;
};

}  // namespace millrace
