#include "formats/parquet_row_groups.h"

#include <utility>

namespace millrace {
namespace {

std::shared_ptr<parquet::schema::GroupNode> RootOf(const parquet::ParquetFileWriter& file) {
  return std::static_pointer_cast<parquet::schema::GroupNode>(file.schema()->schema_root());
}

}  // namespace

ParquetRowGroups::ParquetRowGroups(std::unique_ptr<parquet::ParquetFileWriter> file)
    : Contents(RootOf(*file), file->key_value_metadata()), file_(std::move(file)) {}

void ParquetRowGroups::Close() {
  current_ = nullptr;
  file_->Close();
  file_metadata_ = file_->metadata();
}

parquet::RowGroupWriter* ParquetRowGroups::AppendRowGroup() {
  return current_ = file_->AppendRowGroup();
}

parquet::RowGroupWriter* ParquetRowGroups::AppendBufferedRowGroup() {
  return current_ = file_->AppendBufferedRowGroup();
}

}  // namespace millrace
