#include "lake/merge/row_selection.h"

#include <arrow/array.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/exec.h>
#include <arrow/record_batch.h>

#include "connector/arrow_status.h"
#include "connector/block_pool.h"

namespace millrace {
namespace {

constexpr const char* kSelecting = "selecting rows";

Result<std::shared_ptr<arrow::Array>> IndicesOf(const std::vector<int64_t>& rows) {
  arrow::Int64Builder builder;
  MR_ARROW_RETURN_IF_ERROR(builder.Reserve(static_cast<int64_t>(rows.size())), kSelecting);
  for (const int64_t row : rows) {
    if (row < 0) {
      builder.UnsafeAppendNull();
    } else {
      builder.UnsafeAppend(row);
    }
  }
  MR_ARROW_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Array> indices, builder.Finish(), kSelecting);
  return indices;
}

Result<std::shared_ptr<arrow::Array>> Take(const arrow::Array& column,
                                           const arrow::Array& indices) {
  arrow::compute::ExecContext context(BlockPool());
  MR_ARROW_ASSIGN_OR_RETURN(
      auto taken,
      arrow::compute::Take(column, indices, arrow::compute::TakeOptions::NoBoundsCheck(), &context),
      kSelecting);
  return taken;
}

}  // namespace

Result<std::shared_ptr<arrow::Array>> SelectValues(const arrow::Array& column,
                                                   const std::vector<int64_t>& rows) {
  MR_ASSIGN_OR_RETURN(const auto indices, IndicesOf(rows));
  return Take(column, *indices);
}

Result<std::shared_ptr<arrow::RecordBatch>> SelectRows(
    const std::shared_ptr<arrow::RecordBatch>& batch, const std::vector<int64_t>& rows) {
  MR_ASSIGN_OR_RETURN(const auto indices, IndicesOf(rows));
  arrow::ArrayVector columns;
  for (const auto& column : batch->columns()) {
    MR_ASSIGN_OR_RETURN(auto taken, Take(*column, *indices));
    columns.push_back(std::move(taken));
  }
  return arrow::RecordBatch::Make(batch->schema(), static_cast<int64_t>(rows.size()),
                                  std::move(columns));
}

}  // namespace millrace
