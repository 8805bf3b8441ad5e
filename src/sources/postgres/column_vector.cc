#include "sources/postgres/column_vector.h"

#include <arrow/array/data.h>
#include <arrow/type.h>
#include <arrow/util/basic_decimal.h>

#include <algorithm>
#include <limits>

#include "sources/postgres/wire_numeric.h"

namespace millrace {
namespace {

enum class Storage : uint8_t { kBits, k4, k8, k16, k32, kText, kList };

constexpr Storage StorageOf(WireKind kind) {
  switch (kind) {
    case WireKind::kBool:
      return Storage::kBits;
    case WireKind::kDate:
      return Storage::k4;
    case WireKind::kInt2:
    case WireKind::kInt4:
    case WireKind::kInt8:
    case WireKind::kOid:
    case WireKind::kFloat4:
    case WireKind::kFloat8:
    case WireKind::kNumericInt64:
    case WireKind::kTime:
    case WireKind::kTimestamp:
      return Storage::k8;
    case WireKind::kDecimal64:
    case WireKind::kDecimal128:
      return Storage::k16;
    case WireKind::kDecimal256:
      return Storage::k32;
    case WireKind::kList:
      return Storage::kList;
    case WireKind::kNumericText:
    case WireKind::kText:
    case WireKind::kJsonb:
    case WireKind::kUuid:
    case WireKind::kInet:
    case WireKind::kBytes:
      return Storage::kText;
  }
  return Storage::kText;
}

constexpr int WidthOf(Storage storage) {
  constexpr int kWidths[] = {0, 4, 8, 16, 32, 4, 4};  // texts and lists: an offset
  return kWidths[static_cast<int>(storage)];
}

constexpr bool HasOffsets(Storage storage) {
  return storage == Storage::kText || storage == Storage::kList;
}

}  // namespace

ColumnVector::ColumnVector(ColumnType type) : type_(std::move(type)) {
  if (type_.kind == WireKind::kList) elements_ = std::make_unique<ColumnVector>(*type_.element);
}
ColumnVector::~ColumnVector() = default;
ColumnVector::ColumnVector(ColumnVector&&) noexcept = default;

int ColumnVector::fixed_width() const { return std::max(1, WidthOf(StorageOf(type_.kind))); }

Status ColumnVector::Reserve(int64_t rows) {
  const Storage storage = StorageOf(type_.kind);
  if (storage == Storage::kBits) {
    MR_RETURN_IF_ERROR(values_.Reserve((rows + 7) / 8));
  } else {
    MR_RETURN_IF_ERROR(values_.Reserve((rows + (HasOffsets(storage) ? 1 : 0)) * WidthOf(storage)));
  }
  if (HasOffsets(storage) && rows_reserved_ == 0) *values<int32_t>() = 0;
  if (storage == Storage::kText && bytes_.capacity() == 0) {
    constexpr int64_t kLeastBytes = 64;
    MR_RETURN_IF_ERROR(bytes_.Reserve(std::max(kLeastBytes, bytes_expected_)));
  }
  rows_reserved_ = rows;
  if (elements_ != nullptr) elements_->set_validates_utf8(validates_utf8_);
  return null_count_ > 0 ? MakeValidity() : Status::Ok();
}

Status ColumnVector::MakeValidity() {
  const int64_t known = validity_.capacity();
  MR_RETURN_IF_ERROR(validity_.Reserve((rows_reserved_ + 7) / 8));
  // Rows are valid until a null clears their bit.
  std::fill(validity_.data() + known, validity_.data() + validity_.capacity(), uint8_t{0xFF});
  return Status::Ok();
}

Status ColumnVector::AppendNull(int64_t row) {
  if (null_count_++ == 0) MR_RETURN_IF_ERROR(MakeValidity());
  validity_.data()[row >> 3] &= static_cast<uint8_t>(~(1U << (row & 7)));
  const Storage storage = StorageOf(type_.kind);
  if (storage == Storage::kBits) {
    if ((row & 7) == 0) values<uint8_t>()[row >> 3] = 0;
  } else if (HasOffsets(storage)) {
    values<int32_t>()[row + 1] = values<int32_t>()[row];
  } else {
    std::memset(values_.data() + row * WidthOf(storage), 0, static_cast<size_t>(WidthOf(storage)));
  }
  return Status::Ok();
}

ValueOutcome ColumnVector::AppendUnusual(int64_t row, const WireField& field,
                                         ValueOutcome outcome) {
  if (field.size >= 0 && outcome == ValueOutcome::kTruncated) return outcome;
  if (!AppendNull(row).ok()) return ValueOutcome::kMalformed;
  return field.size < 0 ? ValueOutcome::kOk : outcome;
}

ValueOutcome ColumnVector::DecodeOther(int64_t row, const char* p, int32_t size) {
  switch (type_.kind) {
    case WireKind::kBool:
      if (size != 1) return ValueOutcome::kMalformed;
      if ((row & 7) == 0) values<uint8_t>()[row >> 3] = 0;
      values<uint8_t>()[row >> 3] |= static_cast<uint8_t>((*p != 0 ? 1U : 0U) << (row & 7));
      return ValueOutcome::kOk;
    case WireKind::kInt2:
      if (size != 2) return ValueOutcome::kMalformed;
      values<int64_t>()[row] = WireInt16(p);
      return ValueOutcome::kOk;
    case WireKind::kOid:
      if (size != 4) return ValueOutcome::kMalformed;
      values<int64_t>()[row] = WireUInt32(p);
      return ValueOutcome::kOk;
    case WireKind::kFloat4:
      return DecodeFloat4(p, size, values<double>() + row);
    case WireKind::kFloat8:
      return DecodeFloat8(p, size, values<double>() + row);
    case WireKind::kNumericInt64:
      return NumericToInt64(p, size, type_.precision, type_.scale, values<int64_t>() + row);
    case WireKind::kDecimal128: {
      WireInt128 value = 0;
      const auto outcome = NumericToInt128(p, size, type_.precision, type_.scale, &value);
      std::memcpy(values_.data() + row * 16, &value, 16);
      return outcome;
    }
    case WireKind::kDecimal256: {
      arrow::BasicDecimal256 value;
      const auto outcome = NumericToDecimal256(p, size, type_.precision, type_.scale, &value);
      value.ToBytes(values_.data() + row * 32);
      return outcome;
    }
    case WireKind::kNumericText:
      return AppendMadeText(row, NumericToText(p, size, &text_));
    case WireKind::kTime:
      return DecodeTime(p, size, values<int64_t>() + row);
    case WireKind::kUuid:
      return AppendMadeText(row, UuidToText(p, size, &text_));
    case WireKind::kInet:
      return AppendMadeText(row, InetToText(p, size, &text_));
    case WireKind::kText:
      return AppendText(row, p, size);
    case WireKind::kJsonb:  // a version byte, then the text
      if (size < 1 || *p != 1) return ValueOutcome::kMalformed;
      return AppendText(row, p + 1, size - 1);
    case WireKind::kBytes:
      return AppendBytes(row, p, size);
    case WireKind::kList:
      return AppendList(row, p, size);
    default:
      return ValueOutcome::kMalformed;  // Decode() has the others
  }
}

ValueOutcome ColumnVector::AppendMadeText(int64_t row, ValueOutcome outcome) {
  return outcome == ValueOutcome::kOk
             ? AppendBytes(row, text_.data(), static_cast<int64_t>(text_.size()))
             : outcome;
}

ValueOutcome ColumnVector::AppendText(int64_t row, const char* p, int32_t size) {
  if (validates_utf8_ && !IsUtf8(p, static_cast<size_t>(size))) return ValueOutcome::kNulled;
  return AppendBytes(row, p, size);
}

bool ColumnVector::MakeRoomForBytes(int64_t size) {
  return bytes_.size() + size <= std::numeric_limits<int32_t>::max() &&
         bytes_.ReserveMore(size).ok();
}

ValueOutcome ColumnVector::AppendList(int64_t row, const char* p, int32_t size) {
  constexpr int kHeader = 12;    // dimensions, flags, the elements' type
  constexpr int kDimension = 8;  // size, lower bound
  constexpr int kDimensionsMax = 6;
  if (size < kHeader) return ValueOutcome::kMalformed;
  const char* const end = p + size;
  const int32_t dimensions = WireInt32(p);
  if (dimensions < 0 || dimensions > kDimensionsMax || size < kHeader + dimensions * kDimension) {
    return ValueOutcome::kMalformed;
  }
  p += kHeader;
  int64_t count = dimensions == 0 ? 0 : 1;
  for (int i = 0; i < dimensions; ++i, p += kDimension) {
    const int32_t length = WireInt32(p);
    // Each element takes at least its size: that bounds the product, too.
    if (length < 0 || (count *= length) > size) return ValueOutcome::kMalformed;
  }
  if (elements_count_ + count > std::numeric_limits<int32_t>::max()) {
    return ValueOutcome::kMalformed;
  }
  const ValueOutcome outcome = AppendElements(p, end, count);
  values<int32_t>()[row + 1] = static_cast<int32_t>(elements_count_);
  if (outcome == ValueOutcome::kMalformed) return outcome;
  // An Arrow list has one dimension: more of them are laid out in a row.
  return dimensions > 1 ? ValueOutcome::kTruncated : outcome;
}

ValueOutcome ColumnVector::AppendElements(const char* p, const char* end, int64_t count) {
  constexpr int64_t kLeastRoom = 64;
  if (elements_count_ + count > elements_->rows_reserved_) {
    const int64_t room =
        std::max({kLeastRoom, 2 * elements_->rows_reserved_, elements_count_ + count});
    if (!elements_->Reserve(room).ok()) return ValueOutcome::kMalformed;
  }
  ValueOutcome outcome = ValueOutcome::kOk;
  for (int64_t i = 0; i < count; ++i) {
    if (end - p < 4) return ValueOutcome::kMalformed;
    const WireField element{p + 4, WireInt32(p)};
    p += 4;
    if (element.size < -1 || element.size > end - p) return ValueOutcome::kMalformed;
    const ValueOutcome of_element = elements_->Append(elements_count_++, element);
    if (of_element == ValueOutcome::kMalformed) return of_element;
    if (of_element != ValueOutcome::kOk) outcome = ValueOutcome::kTruncated;
    p += std::max(element.size, 0);
  }
  return p == end ? outcome : ValueOutcome::kMalformed;
}

Result<std::shared_ptr<arrow::ArrayData>> ColumnVector::Finish(int64_t rows) {
  if (rows_reserved_ == 0) MR_RETURN_IF_ERROR(Reserve(std::max<int64_t>(rows, 1)));
  const Storage storage = StorageOf(type_.kind);
  std::vector<std::shared_ptr<arrow::Buffer>> buffers(2);
  if (null_count_ > 0) {
    MR_ASSIGN_OR_RETURN(buffers[0], validity_.Finish((rows + 7) / 8));
  }
  const int64_t values_size = storage == Storage::kBits
                                  ? (rows + 7) / 8
                                  : (rows + (HasOffsets(storage) ? 1 : 0)) * WidthOf(storage);
  MR_ASSIGN_OR_RETURN(buffers[1], values_.Finish(values_size));
  std::vector<std::shared_ptr<arrow::ArrayData>> children;
  if (storage == Storage::kText) {
    // A little room to spare: batches differ.
    bytes_expected_ = std::max(bytes_expected_, bytes_.size() + bytes_.size() / 16);
    MR_ASSIGN_OR_RETURN(auto bytes, bytes_.Finish(bytes_.size()));
    buffers.push_back(std::move(bytes));
  } else if (storage == Storage::kList) {
    MR_ASSIGN_OR_RETURN(auto child, elements_->Finish(elements_count_));
    children.push_back(std::move(child));
    elements_count_ = 0;
  }
  auto data = arrow::ArrayData::Make(type_.arrow, rows, std::move(buffers), std::move(children),
                                     null_count_);
  null_count_ = 0;
  rows_reserved_ = 0;
  return data;
}

}  // namespace millrace
