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

/// A function as an object: a loop made for it has its code in line.
template <auto kFunction>
struct Call {
  template <typename... Arguments>
  ValueOutcome operator()(Arguments... arguments) const {
    return kFunction(arguments...);
  }
};

/// A decimal128 of up to 18 digits: the low half comes first on this machine.
struct SmallDecimal128 {
  int64_t value;
  int64_t sign;
};

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

template <typename Decode>
int ColumnVector::AppendEach(int64_t row, const ColumnFields& fields, ValueOutcome* outcome,
                             Decode decode) {
  for (int i = 0; i < fields.count; ++i) {
    const WireField& field = fields[i];
    const ValueOutcome decoded =
        field.size >= 0 ? decode(field.data, field.size, i) : ValueOutcome::kNulled;
    if (decoded == ValueOutcome::kOk) [[likely]]
      continue;
    *outcome = AppendUnusual(row + i, field, decoded);
    if (*outcome != ValueOutcome::kOk) return i + 1;
  }
  *outcome = ValueOutcome::kOk;
  return fields.count;
}

template <typename T, typename Decode>
int ColumnVector::AppendFixed(int64_t row, const ColumnFields& fields, ValueOutcome* outcome,
                              Decode decode) {
  return AppendEach(row, fields, outcome,
                    [decode, out = values<T>() + row](const char* p, int32_t size, int i) {
                      return decode(p, size, out + i);
                    });
}

int ColumnVector::Append(int64_t row, const ColumnFields& fields, ValueOutcome* outcome) {
  switch (type_.kind) {
    case WireKind::kInt2:
      return AppendFixed<int64_t>(row, fields, outcome, Call<DecodeInt2>());
    case WireKind::kInt4:
      return AppendFixed<int64_t>(row, fields, outcome, Call<DecodeInt4>());
    case WireKind::kInt8:
      return AppendFixed<int64_t>(row, fields, outcome, Call<DecodeInt8>());
    case WireKind::kOid:
      return AppendFixed<int64_t>(row, fields, outcome, Call<DecodeOid>());
    case WireKind::kFloat4:
      return AppendFixed<double>(row, fields, outcome, Call<DecodeFloat4>());
    case WireKind::kFloat8:
      return AppendFixed<double>(row, fields, outcome, Call<DecodeFloat8>());
    case WireKind::kDate:
      return AppendFixed<int32_t>(row, fields, outcome, Call<DecodeDate>());
    case WireKind::kTime:
      return AppendFixed<int64_t>(row, fields, outcome, Call<DecodeTime>());
    case WireKind::kTimestamp:
      return AppendFixed<int64_t>(row, fields, outcome, Call<DecodeTimestamp>());
    case WireKind::kNumericInt64:
      return AppendFixed<int64_t>(
          row, fields, outcome, [this](const char* p, int32_t size, int64_t* value) {
            return NumericToInt64(p, size, type_.precision, type_.scale, value);
          });
    case WireKind::kDecimal64:
      return AppendFixed<SmallDecimal128>(
          row, fields, outcome, [this](const char* p, int32_t size, SmallDecimal128* decimal) {
            int64_t value = 0;
            const auto made = NumericToInt64(p, size, type_.precision, type_.scale, &value);
            *decimal = {value, value >> 63};
            return made;
          });
    case WireKind::kText:
      if (!validates_utf8_) return AppendTexts(row, fields, outcome);
      break;
    default:
      break;
  }
  return AppendEach(row, fields, outcome, [this, row](const char* p, int32_t size, int i) {
    return DecodeOther(row + i, p, size);
  });
}

int ColumnVector::AppendTexts(int64_t row, const ColumnFields& fields, ValueOutcome* outcome) {
  int64_t size = 0;
  for (int i = 0; i < fields.count; ++i) size += std::max(fields[i].size, 0);
  if (!MakeRoomForBytes(size)) {
    *outcome = ValueOutcome::kMalformed;
    return 1;
  }
  int32_t* const ends = values<int32_t>() + row + 1;
  auto end = static_cast<int32_t>(bytes_.size());
  const int taken = AppendEach(
      row, fields, outcome, [ends, &end, to = bytes_.data()](const char* p, int32_t bytes, int i) {
        CopyText(to + end, p, static_cast<size_t>(bytes));
        ends[i] = end += bytes;
        return ValueOutcome::kOk;
      });
  bytes_.set_size(end);
  return taken;
}

ValueOutcome ColumnVector::DecodeOther(int64_t row, const char* p, int32_t size) {
  switch (type_.kind) {
    case WireKind::kBool:
      if (size != 1) return ValueOutcome::kMalformed;
      if ((row & 7) == 0) values<uint8_t>()[row >> 3] = 0;
      values<uint8_t>()[row >> 3] |= static_cast<uint8_t>((*p != 0 ? 1U : 0U) << (row & 7));
      return ValueOutcome::kOk;
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
      return ValueOutcome::kMalformed;  // Append() has the others
  }
}

ValueOutcome ColumnVector::AppendMadeText(int64_t row, ValueOutcome outcome) {
  return outcome == ValueOutcome::kOk
             ? AppendBytes(row, text_.data(), static_cast<int64_t>(text_.size()))
             : outcome;
}

ValueOutcome ColumnVector::AppendBytes(int64_t row, const char* p, int64_t size) {
  if (!MakeRoomForBytes(size)) return ValueOutcome::kMalformed;
  bytes_.Append(p, size);
  values<int32_t>()[row + 1] = static_cast<int32_t>(bytes_.size());
  return ValueOutcome::kOk;
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
  constexpr int64_t kBlock = 32;
  WireField block[kBlock];
  ValueOutcome outcome = ValueOutcome::kOk;
  while (count > 0) {
    const int taken = static_cast<int>(std::min(count, kBlock));
    for (int i = 0; i < taken; ++i) {
      if (end - p < 4) return ValueOutcome::kMalformed;
      block[i] = {p + 4, WireInt32(p)};
      p += 4;
      if (block[i].size < -1 || block[i].size > end - p) return ValueOutcome::kMalformed;
      p += std::max(block[i].size, 0);
    }
    for (int at = 0; at < taken;) {
      ValueOutcome of_element = ValueOutcome::kOk;
      const int appended =
          elements_->Append(elements_count_, {block + at, 1, taken - at}, &of_element);
      if (of_element == ValueOutcome::kMalformed) return of_element;
      if (of_element != ValueOutcome::kOk) outcome = ValueOutcome::kTruncated;
      at += appended;
      elements_count_ += appended;
    }
    count -= taken;
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
