#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.h"
#include "connector/destination.h"
#include "pipeline/flushed_rows.h"
#include "pipeline/sync_context.h"
#include "pipeline/synced_stream.h"
#include "transform/output_transform.h"

namespace millrace {

/// One way of a stream's rows into the destination: transform, then a writer for each of the
/// stream's tables; all of them are flushed together, under one checkpoint. Belongs to a reader's
/// thread (partitions) or to the stream's queue; one thread at a time. Every failure names the
/// stream.
class Lane {
 public:
  Lane(SyncContext& context, SyncedStream& stream, int number)
      : context_(context), stream_(stream), number_(number) {}

  /// Opens the writers, or gives them a new schema. The same schema again changes nothing.
  Status Open(const SchemaPtr& schema);
  bool is_open() const { return !writers_.empty(); }

  /// Require is_open().
  Status Write(ChangeBatch batch);
  Status Truncate();
  /// Everything written is durable and handed over; nothing when nothing was written. Blocks for
  /// I/O.
  Result<FlushedRows> Flush();

  /// Frees the writers and what they hold in memory. What was not flushed is lost.
  void Close() { writers_.clear(); }

  /// Counts since the last flush.
  int64_t bytes_since_flush() const { return bytes_since_flush_; }

 private:
  Status ChangeSchemas(const std::vector<SchemaPtr>& before);
  /// The stream's failure, in words and told to it: the destination's, or the transform's.
  Status InContext(const Status& status, std::string_view doing, size_t table) const;
  Status InTransform(const Status& status) const;

  SyncContext& context_;
  SyncedStream& stream_;
  const int number_;
  std::unique_ptr<OutputTransform> transform_;
  std::vector<std::unique_ptr<StreamWriter>> writers_;  ///< as StreamOutputs::streams
  int64_t rows_ = 0;                                    ///< since the lane began
  int64_t bytes_since_flush_ = 0;
  FlushedRows since_flush_;  ///< its counts
  bool touched_since_flush_ = false;
};

}  // namespace millrace
