#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_reader.h"
#include "base/result.h"
#include "formats/csv_dialect.h"
#include "formats/text_buffer.h"

namespace millrace {

/// One field of a row, as it stands in the reader's buffer.
struct CsvField {
  enum class Form : uint8_t {
    kPlain,   ///< `raw` is the value
    kQuoted,  ///< `raw` is the value, its quotes already left out
    kCoded,   ///< `raw` holds quotes or escapes: CsvRowReader::Decode makes the value
  };
  std::string_view raw;
  Form form = Form::kPlain;
};

/// Some rows at once, so that a column's values can be looked at one after the other.
struct CsvRows {
  std::span<const CsvField> fields;  ///< of all rows
  std::vector<size_t> first;         ///< per row, its first field
  std::vector<size_t> count;         ///< per row, how many fields it has
  std::vector<int64_t> line;         ///< per row, the line on which it begins

  size_t size() const { return first.size(); }
};

/// How many rows are looked at together: few enough that their fields stay in the processor's
/// cache.
inline constexpr int64_t kCsvRowsAtOnce = 256;

/// Cuts a stream of UTF-8 CSV text into rows and fields. Reads a block at a time, finds the
/// characters that matter 64 bytes at a time, and copies nothing but the row that a block's end
/// cuts. A quote opens a quoted field only as the field's first character; anywhere else it is an
/// ordinary character. One thread.
class CsvRowReader {
 public:
  /// `input` outlives the reader and stands at the start of a row, which is on line `first_line`
  /// of the file (from 1).
  CsvRowReader(ByteReader& input, const CsvDialect& dialect, int64_t first_line = 1);

  /// Goes to the next row; false at the end. Fields and their bytes are valid until the next call.
  /// Config errors name the line: text that is not UTF-8, a quote never closed, a row too large.
  Result<bool> Next();

  /// Goes over the next rows: as many as were read into the buffer, `rows_max` at most, only those
  /// that start before `offset_end` of the stream; false when there is none. Valid until the next
  /// call. Errors as Next; rows before the faulty one are handed out first.
  Result<bool> NextRows(size_t rows_max, int64_t offset_end, CsvRows* rows);

  std::span<const CsvField> fields() const { return {fields_.data() + first_field_, field_count_}; }
  /// The line on which the current row begins.
  int64_t line() const { return row_line_; }
  /// The line on which the next row begins.
  int64_t next_line() const { return next_line_; }
  /// Bytes of the stream before the current row, and before the next one.
  int64_t row_offset() const { return text_.base() + row_start_; }
  int64_t next_offset() const { return text_.base() + at_; }

  /// The value of a kCoded field; valid until the next Decode with the same scratch.
  std::string_view Decode(const CsvField& field, std::string& scratch) const;

 private:
  enum class RowEnd { kComplete, kNeedsMore };
  enum class Found { kRow, kNeedsMore, kEnd, kOpenQuote };

  /// The special characters of the 64 bytes at `position`.
  uint64_t SpecialsAt(int64_t position) const;
  void ScanBlock(int64_t position);
  /// Sees to it that block_ and mask_ are about the row at at_.
  void AlignBlock();
  /// Takes a row that has nothing but plain fields and ends within the buffer: nearly every one.
  /// False: look at it with ScanRow.
  bool ScanPlainRow();
  /// The next row that is not blank, if it lies in the buffer.
  Found FindRow();
  RowEnd ScanRow();
  void EndField(int64_t end);
  void EndRow(int64_t next, int64_t lines);
  void StepBack(int64_t at, int64_t line);
  /// The position after the line break at `position`, or -1 when it can't be told yet.
  int64_t AfterLineBreak(int64_t position);
  bool IsBlank() const;

  const CsvDialect dialect_;
  std::array<char, 6> specials_{};  // the characters that matter; unused places repeat one

  TextBuffer text_;

  int64_t at_ = 0;         // where the next row starts
  int64_t row_start_ = 0;  // where the current one starts
  int64_t row_line_ = 0;
  int64_t next_line_;

  int64_t block_ = -1;  // the position that mask_ is about
  uint64_t mask_ = 0;   // special characters not yet seen

  // While a row is scanned:
  int64_t field_start_ = 0;
  bool quoted_ = false, coded_ = false;
  int64_t quote_closed_ = -1;     // position of the closing quote
  std::vector<CsvField> fields_;  // more places than fields
  size_t first_field_ = 0;        // of the current row
  size_t field_count_ = 0;
};

}  // namespace millrace
