#include "destinations/dev_null/column_sums.h"

#include <arrow/array.h>
#include <arrow/extension_type.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <span>
#include <vector>

#include "base/hash.h"

namespace millrace {
namespace {

using arrow::Type;

constexpr uint64_t kNullHash = 0x6E756C6C;

uint64_t HashWord(uint64_t word) { return MixWords(word, 0); }

/// Hashes of an array's values at the first place, of what they hold at the next ones.
using Hashes = std::span<std::vector<uint64_t>>;

void HashArray(const arrow::Array& column, Hashes hashes);

template <typename Hash>
void Each(const arrow::Array& column, Hashes hashes, Hash hash) {
  hashes[0].resize(static_cast<size_t>(column.length()));
  const bool nulls = column.null_count() > 0;
  for (int64_t row = 0; row < column.length(); ++row) {
    hashes[0][static_cast<size_t>(row)] = nulls && column.IsNull(row) ? kNullHash : hash(row);
  }
}

template <typename ArrayType>
void EachValue(const arrow::Array& column, Hashes hashes) {
  const auto& values = static_cast<const ArrayType&>(column);
  Each(column, hashes, [&](int64_t row) {
    const auto value = values.GetView(row);
    if constexpr (std::is_same_v<decltype(value), const double>) {
      return HashWord(std::bit_cast<uint64_t>(value));
    } else if constexpr (std::is_convertible_v<decltype(value), std::string_view>) {
      return HashBytes(value);
    } else {
      return HashWord(static_cast<uint64_t>(value));
    }
  });
}

void HashLists(const arrow::ListArray& lists, Hashes hashes) {
  HashArray(*lists.values(), hashes.subspan(1));
  Each(lists, hashes, [&](int64_t row) {
    uint64_t hash = HashWord(static_cast<uint64_t>(lists.value_length(row)));
    for (int64_t item = lists.value_offset(row); item < lists.value_offset(row + 1); ++item) {
      hash = MixWords(hash, hashes[1][static_cast<size_t>(item)]);
    }
    return hash;
  });
}

void HashStructs(const arrow::StructArray& structs, Hashes hashes) {
  Each(structs, hashes, [](int64_t) { return uint64_t{0}; });
  for (int i = 0; i < structs.num_fields(); ++i) {
    HashArray(*structs.field(i), hashes.subspan(1));
    for (int64_t row = 0; row < structs.length(); ++row) {
      uint64_t& hash = hashes[0][static_cast<size_t>(row)];
      if (structs.IsValid(row)) hash = MixWords(hash, hashes[1][static_cast<size_t>(row)]);
    }
  }
}

size_t DepthOf(const arrow::DataType& type) {
  size_t depth = 0;
  for (const auto& field : type.fields()) depth = std::max(depth, DepthOf(*field->type()));
  return depth + 1;
}

/// What no source of ours sends is hashed by its text.
void HashArray(const arrow::Array& column, Hashes hashes) {
  switch (column.type_id()) {
    case Type::EXTENSION:
      return HashArray(*static_cast<const arrow::ExtensionArray&>(column).storage(), hashes);
    case Type::BOOL:
      return EachValue<arrow::BooleanArray>(column, hashes);
    case Type::INT32:
      return EachValue<arrow::Int32Array>(column, hashes);
    case Type::DATE32:
      return EachValue<arrow::Date32Array>(column, hashes);
    case Type::INT64:
      return EachValue<arrow::Int64Array>(column, hashes);
    case Type::TIMESTAMP:
      return EachValue<arrow::TimestampArray>(column, hashes);
    case Type::TIME64:
      return EachValue<arrow::Time64Array>(column, hashes);
    case Type::DOUBLE:
      return EachValue<arrow::DoubleArray>(column, hashes);
    case Type::STRING:
    case Type::BINARY:
      return EachValue<arrow::BinaryArray>(column, hashes);
    case Type::LIST:
      return HashLists(static_cast<const arrow::ListArray&>(column), hashes);
    case Type::STRUCT:
      return HashStructs(static_cast<const arrow::StructArray&>(column), hashes);
    default:
      return Each(column, hashes, [&](int64_t row) {
        const auto scalar = column.GetScalar(row);
        return HashBytes(scalar.ok() ? (*scalar)->ToString() : scalar.status().ToString());
      });
  }
}

}  // namespace

void ColumnSums::Add(const arrow::RecordBatch& rows) {
  for (int i = 0; i < rows.num_columns(); ++i) {
    uint64_t& sum = sums_[rows.column_name(i)];
    const size_t depth = DepthOf(*rows.column(i)->type());
    if (hashes_.size() < depth) hashes_.resize(depth);
    HashArray(*rows.column(i), hashes_);
    for (const uint64_t hash : hashes_[0]) sum += hash;
  }
}

void ColumnSums::Merge(const ColumnSums& other) {
  for (const auto& [name, sum] : other.sums_) sums_[name] += sum;
}

std::string ColumnSums::ToString() const {
  std::string text;
  for (const auto& [name, sum] : sums_) {
    text += fmt::format("{}{} {:016x}", text.empty() ? "" : ", ", name, sum);
  }
  return text;
}

}  // namespace millrace
