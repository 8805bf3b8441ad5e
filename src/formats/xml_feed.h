#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_reader.h"
#include "base/result.h"

namespace millrace {

/// What an XML document holds, in its order. Names come without their namespace's prefix.
class XmlEvents {
 public:
  struct Attribute {
    std::string_view name, value;
  };

  virtual ~XmlEvents() = default;
  /// False ends the parsing: what Failure returns is the reason.
  virtual bool Start(std::string_view name, const std::vector<Attribute>& attributes) = 0;
  virtual bool End(std::string_view name) = 0;
  virtual bool Text(std::string_view text) = 0;
  virtual Status Failure() const { return Status::Ok(); }
};

/// Parses an XML document a block at a time, so that its size does not matter. A document type
/// (and with it entities of its own) is an error. One thread.
class XmlFeed {
 public:
  /// Unpacked, a document larger than this is an error.
  static constexpr int64_t kBytesMax = int64_t{8} << 30;

  /// Both outlive the feed.
  XmlFeed(ByteReader& input, XmlEvents& events);
  ~XmlFeed();

  /// Parses the next block; false at the end. Config errors name the line.
  Result<bool> Step();
  /// All of it.
  Status Finish();

 private:
  struct Parser;
  ByteReader& input_;
  const std::unique_ptr<Parser> parser_;
  std::vector<char> block_;
  int64_t bytes_ = 0;
  bool ended_ = false;
};

}  // namespace millrace
