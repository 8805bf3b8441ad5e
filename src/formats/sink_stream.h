#pragma once

#include <arrow/io/interfaces.h>
#include <arrow/result.h>

#include <memory>

#include "formats/byte_sink.h"

namespace millrace {

/// A ByteSink in the form that Arrow's writers take. Keeps the sink's own failure, so that its
/// type and words are not lost on the way through Arrow. One thread.
class SinkStream : public arrow::io::OutputStream {
 public:
  explicit SinkStream(ByteSink& sink) : sink_(sink) {}

  arrow::Status Close() override;
  bool closed() const override { return closed_; }
  arrow::Result<int64_t> Tell() const override { return written_; }
  arrow::Status Write(const void* data, int64_t size) override;
  using arrow::io::OutputStream::Write;

  int64_t written() const { return written_; }
  /// The sink's first failure, or ok.
  const Status& failure() const { return failure_; }

 private:
  ByteSink& sink_;
  Status failure_;
  int64_t written_ = 0;
  bool closed_ = false;
};

}  // namespace millrace
