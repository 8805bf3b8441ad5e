#pragma once

#include <parquet/file_writer.h>

#include <memory>

namespace millrace {

/// A Parquet file being written that remembers its row group at hand. Arrow's own FileWriter keeps
/// that to itself; with it, columns that Arrow's way costs more than needed are written beside it.
class ParquetRowGroups : public parquet::ParquetFileWriter::Contents {
 public:
  explicit ParquetRowGroups(std::unique_ptr<parquet::ParquetFileWriter> file);

  /// Null before the first. Valid until the next one, or Close().
  parquet::RowGroupWriter* current() const { return current_; }

  void Close() override;
  parquet::RowGroupWriter* AppendRowGroup() override;
  parquet::RowGroupWriter* AppendBufferedRowGroup() override;
  int64_t num_rows() const override { return file_->num_rows(); }
  int num_columns() const override { return file_->num_columns(); }
  int num_row_groups() const override { return file_->num_row_groups(); }
  const std::shared_ptr<parquet::WriterProperties>& properties() const override {
    return file_->properties();
  }
  void AddKeyValueMetadata(
      const std::shared_ptr<const arrow::KeyValueMetadata>& key_value_metadata) override {
    file_->AddKeyValueMetadata(key_value_metadata);
  }

 private:
  const std::unique_ptr<parquet::ParquetFileWriter> file_;
  parquet::RowGroupWriter* current_ = nullptr;
};

}  // namespace millrace
