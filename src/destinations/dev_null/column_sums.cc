#include "destinations/dev_null/column_sums.h"

#include <arrow/array.h>
#include <arrow/extension_type.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <bit>
#include <vector>

#include "base/hash.h"

namespace millrace {
namespace {

using arrow::Type;

constexpr uint64_t kNullHash = 0x6E756C6C;

uint64_t HashWord(uint64_t word) { return MixWords(word, 0); }

using Hashes = std::vector<uint64_t>;

Hashes HashesOf(const arrow::Array& column);

template <typename Hash>
Hashes Each(const arrow::Array& column, Hash hash) {
  Hashes hashes(static_cast<size_t>(column.length()), kNullHash);
  const bool nulls = column.null_count() > 0;
  for (int64_t row = 0; row < column.length(); ++row) {
    if (!nulls || column.IsValid(row)) hashes[static_cast<size_t>(row)] = hash(row);
  }
  return hashes;
}

template <typename ArrayType>
Hashes EachValue(const arrow::Array& column) {
  const auto& values = static_cast<const ArrayType&>(column);
  return Each(column, [&](int64_t row) {
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

Hashes HashLists(const arrow::ListArray& lists) {
  const Hashes items = HashesOf(*lists.values());
  return Each(lists, [&](int64_t row) {
    uint64_t hash = HashWord(static_cast<uint64_t>(lists.value_length(row)));
    for (int64_t item = lists.value_offset(row); item < lists.value_offset(row + 1); ++item) {
      hash = MixWords(hash, items[static_cast<size_t>(item)]);
    }
    return hash;
  });
}

Hashes HashStructs(const arrow::StructArray& structs) {
  std::vector<Hashes> fields;
  for (int i = 0; i < structs.num_fields(); ++i) fields.push_back(HashesOf(*structs.field(i)));
  return Each(structs, [&](int64_t row) {
    uint64_t hash = 0;
    for (const Hashes& field : fields) hash = MixWords(hash, field[static_cast<size_t>(row)]);
    return hash;
  });
}

/// One a value. What no source of ours sends is hashed by its text.
Hashes HashesOf(const arrow::Array& column) {
  switch (column.type_id()) {
    case Type::EXTENSION:
      return HashesOf(*static_cast<const arrow::ExtensionArray&>(column).storage());
    case Type::BOOL:
      return EachValue<arrow::BooleanArray>(column);
    case Type::INT32:
      return EachValue<arrow::Int32Array>(column);
    case Type::DATE32:
      return EachValue<arrow::Date32Array>(column);
    case Type::INT64:
      return EachValue<arrow::Int64Array>(column);
    case Type::TIMESTAMP:
      return EachValue<arrow::TimestampArray>(column);
    case Type::TIME64:
      return EachValue<arrow::Time64Array>(column);
    case Type::DOUBLE:
      return EachValue<arrow::DoubleArray>(column);
    case Type::STRING:
    case Type::BINARY:
      return EachValue<arrow::BinaryArray>(column);
    case Type::LIST:
      return HashLists(static_cast<const arrow::ListArray&>(column));
    case Type::STRUCT:
      return HashStructs(static_cast<const arrow::StructArray&>(column));
    default:
      return Each(column, [&](int64_t row) {
        const auto scalar = column.GetScalar(row);
        return HashBytes(scalar.ok() ? (*scalar)->ToString() : scalar.status().ToString());
      });
  }
}

}  // namespace

void ColumnSums::Add(const arrow::RecordBatch& rows) {
  for (int i = 0; i < rows.num_columns(); ++i) {
    uint64_t& sum = sums_[rows.column_name(i)];
    for (const uint64_t hash : HashesOf(*rows.column(i))) sum += hash;
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
