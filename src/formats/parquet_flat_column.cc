#include "formats/parquet_flat_column.h"

#include <arrow/array.h>
#include <arrow/type.h>
#include <parquet/schema.h>

#include <algorithm>
#include <vector>

#include "connector/arrow_status.h"

namespace millrace {
namespace {

/// One per row: whether it has a value. Empty where the column has no nulls by its schema.
std::vector<int16_t> LevelsOf(const arrow::Array& array, const parquet::ColumnWriter& column) {
  if (column.descr()->max_definition_level() == 0) return {};
  std::vector<int16_t> levels(static_cast<size_t>(array.length()), 1);
  if (array.null_count() > 0) {
    for (int64_t i = 0; i < array.length(); ++i) {
      levels[static_cast<size_t>(i)] = array.IsNull(i) ? 0 : 1;
    }
  }
  return levels;
}

bool StoresPlainTexts(const arrow::Array& array, const parquet::ColumnWriter& column) {
  return column.type() == parquet::Type::BYTE_ARRAY &&
         (array.type_id() == arrow::Type::STRING || array.type_id() == arrow::Type::BINARY);
}

void WriteTexts(const arrow::BinaryArray& texts, const std::vector<int16_t>& levels,
                parquet::ByteArrayWriter& column) {
  std::vector<parquet::ByteArray> values;
  values.reserve(static_cast<size_t>(texts.length() - texts.null_count()));
  for (int64_t i = 0; i < texts.length(); ++i) {
    if (texts.IsNull(i)) continue;
    values.emplace_back(texts.GetView(i));
  }
  column.WriteBatch(texts.length(), levels.empty() ? nullptr : levels.data(), nullptr,
                    values.data());
}

}  // namespace

bool IsFlatColumn(const arrow::DataType& type) {
  return type.num_fields() == 0 && type.id() != arrow::Type::EXTENSION &&
         type.id() != arrow::Type::NA;
}

Status WriteFlatColumn(const arrow::ArrayVector& chunks, parquet::ArrowWriteContext& context,
                       parquet::ColumnWriter& column) {
  for (const auto& chunk : chunks) {
    if (chunk->length() == 0) continue;
    const std::vector<int16_t> levels = LevelsOf(*chunk, column);
    if (StoresPlainTexts(*chunk, column)) {
      WriteTexts(static_cast<const arrow::BinaryArray&>(*chunk), levels,
                 static_cast<parquet::ByteArrayWriter&>(column));
      continue;
    }
    MR_ARROW_RETURN_IF_ERROR(column.WriteArrow(levels.empty() ? nullptr : levels.data(), nullptr,
                                               chunk->length(), *chunk, &context,
                                               /*leaf_field_nullable=*/!levels.empty()),
                             "writing Parquet");
  }
  column.Close();
  return Status::Ok();
}

}  // namespace millrace
