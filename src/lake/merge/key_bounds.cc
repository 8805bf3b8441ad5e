#include "lake/merge/key_bounds.h"

#include <arrow/array.h>
#include <arrow/type.h>
#include <parquet/bloom_filter.h>
#include <parquet/metadata.h>
#include <parquet/statistics.h>
#include <parquet/xxhasher.h>

#include <algorithm>
#include <string_view>

#include "formats/parquet_filters.h"

namespace millrace {
namespace {

bool IsText(const arrow::DataType& type) {
  return type.id() == arrow::Type::STRING || type.id() == arrow::Type::BINARY;
}

/// Integers in Arrow and in Parquet, of the same width and order.
bool IsInteger(const arrow::DataType& type) {
  return type.id() == arrow::Type::INT64 || type.id() == arrow::Type::TIMESTAMP ||
         type.id() == arrow::Type::TIME64 || type.id() == arrow::Type::DATE32;
}

int64_t IntegerAt(const arrow::Array& column, int64_t row) {
  if (column.type_id() == arrow::Type::DATE32) {
    return static_cast<const arrow::Date32Array&>(column).Value(row);
  }
  return reinterpret_cast<const int64_t*>(column.data()->buffers[1]->data())[column.offset() + row];
}

std::string_view TextAt(const arrow::Array& column, int64_t row) {
  return static_cast<const arrow::BinaryArray&>(column).GetView(row);
}

std::string_view ViewOf(const parquet::ByteArray& bytes) {
  return {reinterpret_cast<const char*>(bytes.ptr), bytes.len};
}

uint64_t FilterHash(const arrow::Array& column, int64_t row) {
  const parquet::XxHasher hasher;
  if (IsText(*column.type())) {
    const std::string_view text = TextAt(column, row);
    const parquet::ByteArray bytes(static_cast<uint32_t>(text.size()),
                                   reinterpret_cast<const uint8_t*>(text.data()));
    return hasher.Hash(&bytes);
  }
  const int64_t value = IntegerAt(column, row);
  return column.type_id() == arrow::Type::DATE32 ? hasher.Hash(static_cast<int32_t>(value))
                                                 : hasher.Hash(value);
}

/// The file's leaf of a top-level column; -1 when there is none.
int LeafOf(const parquet::SchemaDescriptor& schema, const std::string& name) {
  for (int leaf = 0; leaf < schema.num_columns(); ++leaf) {
    if (schema.Column(leaf)->path()->ToDotString() == name) return leaf;
  }
  return -1;
}

}  // namespace

KeyBounds::KeyBounds(arrow::FieldVector key) {
  for (auto& field : key) {
    Column column;
    column.known = IsText(*field->type()) || IsInteger(*field->type());
    column.field = std::move(field);
    columns_.push_back(std::move(column));
  }
}

void KeyBounds::Add(const arrow::ArrayVector& columns, int64_t rows) {
  const bool few = rows_ + static_cast<size_t>(rows) <= kFilterKeysMax;
  rows_ += static_cast<size_t>(rows);
  for (size_t c = 0; c < columns_.size(); ++c) {
    Column& column = columns_[c];
    const arrow::Array& values = *columns[c];
    if (!few) column.hashes.clear();
    if (!column.known || !values.type()->Equals(*column.field->type())) {
      column.known = false;
      continue;
    }
    const bool text = IsText(*values.type());
    for (int64_t row = 0; row < rows; ++row) {
      if (values.IsNull(row)) {
        column.nulls = true;
        continue;
      }
      if (few) column.hashes.push_back(FilterHash(values, row));
      if (text) {
        const std::string_view value = TextAt(values, row);
        if (!column.any || value < column.least_text) column.least_text = value;
        if (!column.any || value > column.greatest_text) column.greatest_text = value;
      } else {
        const int64_t value = IntegerAt(values, row);
        if (!column.any || value < column.least) column.least = value;
        if (!column.any || value > column.greatest) column.greatest = value;
      }
      column.any = true;
    }
  }
}

bool KeyBounds::WithinStatistics(const ParquetReader& file, int row_group, int leaf,
                                 const Column& column) const {
  const auto chunk = file.metadata()->RowGroup(row_group)->ColumnChunk(leaf);
  const auto statistics = chunk->statistics();
  if (statistics == nullptr || !statistics->HasMinMax()) return true;
  switch (chunk->type()) {
    case parquet::Type::INT32: {
      const auto& typed = static_cast<const parquet::Int32Statistics&>(*statistics);
      return column.greatest >= typed.min() && column.least <= typed.max();
    }
    case parquet::Type::INT64: {
      const auto& typed = static_cast<const parquet::Int64Statistics&>(*statistics);
      return column.greatest >= typed.min() && column.least <= typed.max();
    }
    case parquet::Type::BYTE_ARRAY: {
      const auto& typed = static_cast<const parquet::ByteArrayStatistics&>(*statistics);
      return column.greatest_text >= ViewOf(typed.min()) &&
             column.least_text <= ViewOf(typed.max());
    }
    default:
      return true;
  }
}

bool KeyBounds::MayHold(const ParquetReader& file, int row_group) const {
  for (const Column& column : columns_) {
    if (!column.known || column.nulls || !column.any) continue;
    const auto stored = file.schema()->GetFieldByName(column.field->name());
    // Another type: the values would have to be converted to be compared.
    if (stored == nullptr || !stored->type()->Equals(*column.field->type())) continue;
    const int leaf = LeafOf(*file.metadata()->schema(), column.field->name());
    if (leaf < 0) continue;
    if (!WithinStatistics(file, row_group, leaf, column)) return false;
    if (column.hashes.empty()) continue;
    const auto filter = ReadBloomFilter(file, row_group, leaf);
    if (filter == nullptr) continue;
    if (std::none_of(column.hashes.begin(), column.hashes.end(),
                     [&](uint64_t hash) { return filter->FindHash(hash); })) {
      return false;
    }
  }
  return true;
}

}  // namespace millrace
