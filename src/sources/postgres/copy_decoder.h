#pragma once

#include <functional>
#include <string>
#include <vector>

#include "clients/postgres/copy_messages.h"
#include "sources/postgres/row_batch.h"

namespace millrace {

class CopyDecoder;

/// Looks at each row before it is taken, and may leave it out. It may call Flush() on the decoder
/// first: the rows before this one then leave in a batch of their own.
class RowFilter {
 public:
  virtual ~RowFilter() = default;
  /// `fields`: the batch's columns, then the hidden ones. False: leave the row out.
  virtual Result<bool> Accept(const std::vector<WireField>& fields, CopyDecoder& decoder) = 0;
};

/// Decodes COPY's binary format (signature, header, tuples, trailer) into batches, from pieces of
/// any size, whatever bytes come: malformed input is a system error that says where. Rows are
/// gathered into blocks, where they lie, and decoded a block at a time. One COPY; the RowBatch is
/// the caller's and may serve many. One thread.
class CopyDecoder : public CopySink {
 public:
  struct Limits {
    int64_t rows_max = 122'880;   // a Parquet row group
    int64_t bytes_max = 4 << 20;  // whichever comes first; a writer makes row groups of several
    int hidden_fields = 0;        // fields after the batch's columns, for the filter only
  };
  /// Takes a full batch; it calls batch.Finish().
  using Emit = std::function<Status(RowBatch&)>;

  /// `batch` is empty and outlives this; `filter` may be null.
  CopyDecoder(RowBatch& batch, Limits limits, Emit emit, RowFilter* filter = nullptr);

  Status Consume(const char* data, size_t size) override;
  Status Settle() override;

  /// Emits what is left. System error when the COPY's trailer has not come.
  Status Finish();
  /// Emits the rows so far, if any.
  Status Flush();

  /// Batches given to Emit so far: while it is 0, the COPY can be run again.
  int64_t batches_emitted() const { return batches_emitted_; }
  /// Rows that came, also those left out.
  int64_t rows_read() const { return rows_read_; }

 private:
  enum class Stage { kHeader, kExtension, kTuples, kEnd };

  /// Handles whole items from the front and sets how many bytes they took.
  Status ConsumeWhole(const char* data, size_t size, size_t* taken);
  /// Finds the fields of the tuple in front and its size; 0 when it is not whole yet.
  Status ParseTuple(const char* data, size_t size, size_t* tuple);
  Status TakeRow(size_t wire_bytes);

  RowBatch& batch_;
  const Limits limits_;
  const Emit emit_;
  RowFilter* const filter_;
  const int num_fields_;
  const int block_rows_max_;
  std::vector<WireField> fields_;  // of the block's rows, row by row, and of the next one
  int block_rows_ = 0;             // taken, not yet decoded
  int64_t block_bytes_ = 0;
  std::string pending_;  // the front of an item that was cut
  Stage stage_ = Stage::kHeader;
  size_t extension_left_ = 0;
  int64_t rows_read_ = 0;
  int64_t batches_emitted_ = 0;
};

}  // namespace millrace
