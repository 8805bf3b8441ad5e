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

/// One column of a batch in the making: values decoded from COPY's binary format straight into
/// Arrow's layout. The validity bitmap is made when the first null comes. One thread.
class ColumnVector {
 public:
  explicit ColumnVector(ColumnType type);
  ~ColumnVector();
  ColumnVector(ColumnVector&&) noexcept;

  /// Makes room for `rows` rows in all; bytes of text make their own room.
  Status Reserve(int64_t rows);

  /// Appends the value as row `row` (the number of rows so far; there is room). Whatever the
  /// outcome, the row is there: null unless kOk or kTruncated.
  ValueOutcome Append(int64_t row, const WireField& field) {
    const ValueOutcome outcome =
        field.size >= 0 ? Decode(row, field.data, field.size) : ValueOutcome::kNulled;
    if (outcome == ValueOutcome::kOk) [[likely]]
      return outcome;
    return AppendUnusual(row, field, outcome);
  }
  Status AppendNull(int64_t row);

  /// The first `rows` rows; starts anew and remembers how much room such a batch takes.
  Result<std::shared_ptr<arrow::ArrayData>> Finish(int64_t rows);

  int64_t null_count() const { return null_count_; }
  /// Bytes per row, without what a text value adds.
  int fixed_width() const;
  /// Checks each text value, for a server that may send what is not UTF-8 (such a value is nulled).
  void set_validates_utf8(bool on) { validates_utf8_ = on; }

 private:
  // The usual kinds in line, the others by a call.
  ValueOutcome Decode(int64_t row, const char* p, int32_t size);
  ValueOutcome DecodeOther(int64_t row, const char* p, int32_t size);
  ValueOutcome AppendUnusual(int64_t row, const WireField& field, ValueOutcome outcome);
  ValueOutcome AppendBytes(int64_t row, const char* p, int64_t size) {
    if (bytes_.size() + size > bytes_.capacity()) [[unlikely]] {
      if (!MakeRoomForBytes(size)) return ValueOutcome::kMalformed;
    }
    bytes_.Append(p, size);
    values<int32_t>()[row + 1] = static_cast<int32_t>(bytes_.size());
    return ValueOutcome::kOk;
  }
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

inline ValueOutcome ColumnVector::Decode(int64_t row, const char* p, int32_t size) {
  switch (type_.kind) {
    case WireKind::kInt4:
      if (size != 4) return ValueOutcome::kMalformed;
      values<int64_t>()[row] = WireInt32(p);
      return ValueOutcome::kOk;
    case WireKind::kInt8:
      if (size != 8) return ValueOutcome::kMalformed;
      values<int64_t>()[row] = WireInt64(p);
      return ValueOutcome::kOk;
    case WireKind::kDecimal64: {
      int64_t* const value = values<int64_t>() + 2 * row;
      const ValueOutcome outcome = NumericToInt64(p, size, type_.precision, type_.scale, value);
      value[1] = value[0] >> 63;
      return outcome;
    }
    case WireKind::kDate:
      return DecodeDate(p, size, values<int32_t>() + row);
    case WireKind::kTimestamp:
      return DecodeTimestamp(p, size, values<int64_t>() + row);
    case WireKind::kText:
      if (validates_utf8_) return DecodeOther(row, p, size);
      return AppendBytes(row, p, size);
    default:
      return DecodeOther(row, p, size);
  }
}

}  // namespace millrace
