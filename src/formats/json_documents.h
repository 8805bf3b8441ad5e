#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/byte_reader.h"
#include "base/result.h"
#include "formats/text_buffer.h"

namespace millrace {

/// Cuts a stream of JSON text into the values that are its records. One thread; holds a block of
/// the stream, and one record at least.
class JsonDocuments {
 public:
  enum class Layout {
    kLines,  ///< JSONL: a record a line; blank lines don't count
    kText,   ///< one array of records, or records one after the other (one alone, too)
  };

  /// `input` outlives this and stands on line `first_line` of the file (from 1).
  JsonDocuments(ByteReader& input, Layout layout, int64_t first_line = 1)
      : layout_(layout), text_(input), line_(first_line) {}

  /// Goes to the next record; false at the end. Config errors name the line.
  Result<bool> Next();

  /// The record's text, good for JsonScanner (padded). Nothing about it has been checked but where
  /// it ends. Valid until the next call.
  std::string_view text() const { return record_; }
  /// "line 12", or "line 12, record 3" where lines alone don't tell.
  std::string Where() const;
  int64_t line() const { return record_line_; }
  int64_t next_line() const { return line_; }
  /// Bytes of the stream before the record, and before what follows it.
  int64_t record_offset() const { return record_offset_; }
  int64_t next_offset() const { return text_.base() + at_; }

 private:
  Result<bool> NextLine();
  Result<bool> NextValue();
  /// Goes to the next character that is no white space; false at the end.
  Result<bool> SkipSpace();
  /// Sees to it that a text that starts at at_ ends at `*end`.
  Status FindEnd(int64_t* end);
  Status Fail(const char* what) const;

  const Layout layout_;
  TextBuffer text_;
  int64_t at_ = 0;      // where what follows the record starts
  int64_t line_;        // on which at_ is
  bool begun_ = false;  // kText: the first character was looked at
  bool in_array_ = false, array_closed_ = false;
  bool loaded_ = false;

  std::string_view record_;
  int64_t record_line_ = 0;
  int64_t record_offset_ = 0;
  int64_t records_ = 0;
  int64_t covered_ = -1;  // the position whose character is `\0` while its record is looked at
  char covered_char_ = 0;
};

}  // namespace millrace
