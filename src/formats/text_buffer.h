#pragma once

#include <cstdint>
#include <memory>

#include "base/byte_reader.h"
#include "base/result.h"

namespace millrace {

/// A window on a stream of UTF-8 text: what the readers of rows and documents look at. They move
/// it forward, keeping what they have not finished with, and copy nothing else. One thread.
class TextBuffer {
 public:
  /// Readable zero bytes after the text, so that whole blocks can be looked at.
  static constexpr int64_t kPadding = 64;
  /// A row or document larger than this is an error.
  static constexpr int64_t kKeptBytesMax = 64 << 20;

  /// `input` outlives the buffer.
  explicit TextBuffer(ByteReader& input) : input_(input) {}

  char* data() { return data_.get(); }
  const char* data() const { return data_.get(); }
  int64_t size() const { return size_; }
  /// Bytes of the stream before data()[0].
  int64_t base() const { return base_; }
  /// Nothing follows the text in the window.
  bool ended() const { return ended_; }

  /// Drops the text before `from` (which becomes data()[0]) and reads on: at least one byte unless
  /// the stream ends. `line` is the line on which `from` stands, for the config errors: text that
  /// is not UTF-8, more than kKeptBytesMax kept.
  Status MoveTo(int64_t from, int64_t line);

 private:
  Status Validate(int64_t line);

  ByteReader& input_;
  std::unique_ptr<char[]> data_;
  int64_t capacity_ = 0;  // without the padding
  int64_t size_ = 0;
  int64_t validated_ = 0;  // of these, known to be UTF-8
  int64_t base_ = 0;
  bool ended_ = false;
};

}  // namespace millrace
