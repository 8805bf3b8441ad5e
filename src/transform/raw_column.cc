#include "transform/raw_column.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/record_batch.h>

#include <limits>
#include <string>

#include "connector/arrow_status.h"
#include "connector/block_pool.h"
#include "connector/number_type.h"

namespace millrace {
namespace {

/// The columns that the source sent of a row.
std::vector<int> SentColumns(const ChangeBatch& batch, int64_t row) {
  std::vector<int> sent;
  for (int column = 0; column < batch.rows->num_columns(); ++column) {
    const auto& mask = batch.unchanged.columns[static_cast<size_t>(column)];
    if (mask == nullptr || !mask->Value(row)) sent.push_back(column);
  }
  return sent;
}

}  // namespace

Result<RawColumn> RawColumn::Make(const std::shared_ptr<arrow::Schema>& schema) {
  MR_ASSIGN_OR_RETURN(JsonEncoder encoder, JsonEncoder::Make(schema));
  return RawColumn(std::move(encoder));
}

Result<std::shared_ptr<arrow::Array>> RawColumn::Apply(const ChangeBatch& batch) const {
  const int64_t num_rows = batch.num_rows();
  MR_ARROW_ASSIGN_OR_RETURN(auto offsets, arrow::AllocateBuffer((num_rows + 1) * 4, BlockPool()),
                            "building _airbyte_data");
  auto* offset = reinterpret_cast<int32_t*>(offsets->mutable_data());
  std::string text;
  offset[0] = 0;
  for (int64_t row = 0; row < num_rows; ++row) {
    if (batch.unchanged.empty()) {
      encoder_.AppendRow(*batch.rows, row, text);
    } else {
      encoder_.AppendRow(*batch.rows, row, SentColumns(batch, row), text);
    }
    if (text.size() > static_cast<size_t>(std::numeric_limits<int32_t>::max())) {
      return SystemError("the JSON text of a batch of {} rows exceeds 2 GiB", num_rows);
    }
    offset[row + 1] = static_cast<int32_t>(text.size());
  }
  return arrow::MakeArray(arrow::ArrayData::Make(
      json_text(), num_rows,
      {nullptr, std::move(offsets), arrow::Buffer::FromString(std::move(text))},
      /*null_count=*/0));
}

}  // namespace millrace
