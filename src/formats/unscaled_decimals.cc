#include "formats/unscaled_decimals.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/type.h>
#include <arrow/util/bit_util.h>

#include "connector/arrow_status.h"
#include "connector/block_pool.h"

namespace millrace {
namespace {

constexpr int kWordsPerValue = 2;  // of a decimal128: the low half comes first on this machine

template <typename Integer>
arrow::Result<std::shared_ptr<arrow::Array>> Narrow(const arrow::Decimal128Array& column,
                                                    const std::shared_ptr<arrow::DataType>& type) {
  // Laid out with the column's own offset, so that its null bitmap can be shared.
  const int64_t offset = column.offset();
  const int64_t end = offset + column.length();
  ARROW_ASSIGN_OR_RAISE(
      auto buffer, arrow::AllocateBuffer(end * static_cast<int64_t>(sizeof(Integer)), BlockPool()));
  auto* out = reinterpret_cast<Integer*>(buffer->mutable_data());
  const auto* words = reinterpret_cast<const uint64_t*>(column.data()->buffers[1]->data());
  for (int64_t i = offset; i < end; ++i) {
    out[i] = static_cast<Integer>(words[i * kWordsPerValue]);
  }
  return arrow::MakeArray(arrow::ArrayData::Make(type, column.length(),
                                                 {column.null_bitmap(), std::move(buffer)},
                                                 column.null_count(), offset));
}

}  // namespace

Result<std::shared_ptr<arrow::Array>> UnscaledDecimals(
    const std::shared_ptr<arrow::Array>& column) {
  static_assert(ARROW_LITTLE_ENDIAN, "decimals are taken apart as little-endian words");
  constexpr const char* kDoing = "taking decimals apart";
  constexpr int kDigits32 = 9;
  constexpr int kDigits64 = 18;
  if (column->type_id() != arrow::Type::DECIMAL128) return column;
  const auto& decimals = static_cast<const arrow::Decimal128Array&>(*column);
  const int precision = static_cast<const arrow::DecimalType&>(*column->type()).precision();
  if (precision > kDigits64) return column;
  if (precision <= kDigits32) {
    MR_ARROW_ASSIGN_OR_RETURN(auto narrow, Narrow<int32_t>(decimals, arrow::int32()), kDoing);
    return narrow;
  }
  MR_ARROW_ASSIGN_OR_RETURN(auto narrow, Narrow<int64_t>(decimals, arrow::int64()), kDoing);
  return narrow;
}

}  // namespace millrace
