#pragma once

#include <zlib.h>

#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/status.h"
#include "formats/byte_sink.h"

namespace millrace {

/// The bytes of a text file on their way to a sink, gzipped or as they are. One thread.
class TextOutput {
 public:
  TextOutput(ByteSink& sink, bool gzip) : sink_(sink), gzip_(gzip) {}
  ~TextOutput();
  TextOutput(const TextOutput&) = delete;
  TextOutput& operator=(const TextOutput&) = delete;

  Status Write(std::string_view text);
  /// Writes what the compressor holds back, and gzip's trailer. Once.
  Status Close();

  int64_t written_bytes() const { return written_; }  ///< given to the sink

 private:
  Status Deflate(std::string_view text, int flush);
  Status Send(std::string_view bytes);

  ByteSink& sink_;
  const bool gzip_;
  bool started_ = false;  // stream_ is to be ended
  z_stream stream_ = {};
  int64_t written_ = 0;
};

}  // namespace millrace
