#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "sources/postgres/column_type.h"
#include "sources/postgres/growing_buffer.h"
#include "sources/postgres/wire_numeric.h"
#include "sources/postgres/wire_value.h"

namespace millrace {

/// The values of one column in consecutive rows whose fields lie one after the other: every
/// `stride`-th field is of the column.
struct ColumnFields {
  const WireField* first;
  int stride;
  int count;

  const WireField& operator[](int i) const { return first[static_cast<ptrdiff_t>(i) * stride]; }
};

/// One column of a batch in the making: values decoded from COPY's binary format straight into
/// Arrow's layout, a block of rows at a time. The validity bitmap is made when the first null
/// comes. One thread.
class ColumnVector {
 public:
  explicit ColumnVector(ColumnType type);
  ~ColumnVector();
  ColumnVector(ColumnVector&&) noexcept;

  /// Makes room for `rows` rows in all; bytes of text make their own room.
  Status Reserve(int64_t rows);

  /// Appends values as the rows from `row` on (the number of rows so far; there is room). Stops
  /// behind the first whose `outcome` is not kOk, and returns how many it took. Whatever the
  /// outcome, a row is there: null unless kOk or kTruncated.
  int Append(int64_t row, const ColumnFields& fields, ValueOutcome* outcome);

  /// The first `rows` rows; starts anew and remembers how much room such a batch takes.
  Result<std::shared_ptr<arrow::ArrayData>> Finish(int64_t rows);

  int64_t null_count() const { return null_count_; }
  /// Bytes per row, without what a text value adds.
  int fixed_width() const;
  /// Checks each text value, for a server that may send what is not UTF-8 (such a value is nulled).
  void set_validates_utf8(bool on) { validates_utf8_ = on; }

 private:
  template <typename Decode>
  int AppendEach(int64_t row, const ColumnFields& fields, ValueOutcome* outcome, Decode decode);
  template <typename T, typename Decode>
  int AppendFixed(int64_t row, const ColumnFields& fields, ValueOutcome* outcome, Decode decode);
  int AppendTexts(int64_t row, const ColumnFields& fields, ValueOutcome* outcome);
  ValueOutcome DecodeOther(int64_t row, const char* p, int32_t size);
  ValueOutcome AppendUnusual(int64_t row, const WireField& field, ValueOutcome outcome);
  Status AppendNull(int64_t row);
  ValueOutcome AppendBytes(int64_t row, const char* p, int64_t size);
  bool MakeRoomForBytes(int64_t size);
  ValueOutcome AppendText(int64_t row, const char* p, int32_t size);
  ValueOutcome AppendList(int64_t row, const char* p, int32_t size);
  ValueOutcome AppendElements(const char* p, const char* end, int64_t count);
  ValueOutcome AppendMadeText(int64_t row, ValueOutcome outcome);
  Status MakeValidity();

  template <typename T>
  T* values() {
    return reinterpret_cast<T*>(values_.data());
  }

  ColumnType type_;
  GrowingBuffer values_;  // of fixed width, or bits, or offsets
  GrowingBuffer bytes_;   // of texts
  GrowingBuffer validity_;
  std::unique_ptr<ColumnVector> elements_;  // of a list
  int64_t elements_count_ = 0;
  int64_t rows_reserved_ = 0;
  int64_t null_count_ = 0;
  int64_t bytes_expected_ = 0;
  bool validates_utf8_ = false;
  std::string text_;  // a text form being made
};

}  // namespace millrace
