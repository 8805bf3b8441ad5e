#pragma once

#include <string>
#include <string_view>

#include "formats/byte_sink.h"

namespace millrace {

/// For tests: collects a file in memory, or fails.
class StringSink : public ByteSink {
 public:
  Status Write(std::string_view bytes) override {
    if (!failure_.ok()) return failure_;
    content_ += bytes;
    return Status::Ok();
  }
  void FailWith(Status failure) { failure_ = std::move(failure); }
  const std::string& content() const { return content_; }

 private:
  std::string content_;
  Status failure_;
};

}  // namespace millrace
