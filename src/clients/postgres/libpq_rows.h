#pragma once

#include <libpq-fe.h>

#include <memory>
#include <vector>

#include "clients/postgres/copy_messages.h"

namespace millrace {

/// Rows of a COPY that libpq has allocated: given to a sink one by one, and kept until the sink has
/// settled some dozens of them. One COPY, one thread.
class LibpqRows {
 public:
  explicit LibpqRows(CopySink& sink) : sink_(sink) {}

  /// Takes `row` over.
  Status Take(char* row, size_t size) {
    rows_.emplace_back(row);
    bytes_ += size;
    MR_RETURN_IF_ERROR(sink_.Consume(row, size));
    return rows_.size() == kRowsMax || bytes_ >= kBytesMax ? Settle() : Status::Ok();
  }

  Status Settle() {
    const Status status = sink_.Settle();
    rows_.clear();
    bytes_ = 0;
    return status;
  }

 private:
  static constexpr size_t kRowsMax = 64;
  static constexpr size_t kBytesMax = 256 << 10;
  struct Free {
    void operator()(char* row) const { PQfreemem(row); }
  };

  CopySink& sink_;
  std::vector<std::unique_ptr<char, Free>> rows_;
  size_t bytes_ = 0;
};

}  // namespace millrace
