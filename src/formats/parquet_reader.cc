#include "formats/parquet_reader.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <parquet/arrow/reader.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>

#include <algorithm>
#include <utility>

#include "connector/block_pool.h"
#include "formats/arrow_types.h"
#include "formats/batch_bounds.h"
#include "formats/parquet_input.h"

namespace millrace {
namespace {

/// What all columns' read buffers take together, and each at least and at most.
constexpr int64_t kReadBytesOfAll = 8 << 20;
constexpr int64_t kReadBytesLeast = 64 << 10;
constexpr int64_t kReadBytesMost = 1 << 20;

/// What a value of the leaf takes in memory, at least.
int64_t LeastValueBytes(const parquet::ColumnDescriptor& leaf) {
  if (leaf.logical_type()->is_decimal() || leaf.physical_type() == parquet::Type::BYTE_ARRAY) {
    return 16;
  }
  return 8;
}

/// What of a row group is read, and how much of it at a time.
class ReadSizes {
 public:
  ReadSizes(const parquet::RowGroupMetaData& group, const std::vector<int>& leaves)
      : rows_(std::max<int64_t>(group.num_rows(), 1)), leaves_(leaves.size()) {
    for (const int leaf : leaves) {
      const auto chunk = group.ColumnChunk(leaf);
      largest_ = std::max(largest_, chunk->total_compressed_size());
      // Dictionaries and run lengths make the file's bytes fewer than the values': allow for twice.
      row_bytes_ += std::max(2 * std::min(chunk->total_uncompressed_size() / rows_, kBatchBytesMax),
                             LeastValueBytes(*group.schema()->Column(leaf)));
    }
  }

  int64_t rows_per_batch() const {
    return std::clamp<int64_t>(kBatchBytesMax / std::max<int64_t>(row_bytes_, 1), 1, kBatchRowsMax);
  }
  /// Of each column.
  int64_t buffer_bytes() const {
    const int64_t share = kReadBytesOfAll / std::max<int64_t>(static_cast<int64_t>(leaves_), 1);
    return std::min(std::clamp(share, kReadBytesLeast, kReadBytesMost),
                    std::max(largest_, int64_t{4} << 10));
  }

 private:
  const int64_t rows_;
  const size_t leaves_;
  int64_t largest_ = 0;
  int64_t row_bytes_ = 0;
};

}  // namespace

struct ParquetReader::Group {
  std::shared_ptr<ParquetInput> input;
  std::unique_ptr<parquet::arrow::FileReader> file;
  std::unique_ptr<arrow::RecordBatchReader> batches;
};

ParquetReader::ParquetReader(ParquetBytes bytes) : bytes_(std::move(bytes)) {}

Result<ParquetReader::Group> ParquetReader::OpenGroup(int row_group,
                                                      const std::set<std::string>& columns) {
  Group group{std::make_shared<ParquetInput>(bytes_), nullptr, nullptr};
  parquet::ReaderProperties read(BlockPool());
  parquet::ArrowReaderProperties shape(/*use_threads=*/false);
  shape.set_pre_buffer(false);
  shape.set_arrow_extensions_enabled(true);
  std::vector<int> leaves;
  if (metadata_ != nullptr) {
    for (int leaf = 0; leaf < metadata_->num_columns(); ++leaf) {
      const std::string name = metadata_->schema()->GetColumnRoot(leaf)->name();
      if (columns.empty() || columns.contains(name)) leaves.push_back(leaf);
    }
    // Column chunks are read through buffers: a row group may be larger than our memory.
    const ReadSizes sizes(*metadata_->RowGroup(row_group), leaves);
    read.enable_buffered_stream();
    read.set_buffer_size(sizes.buffer_bytes());
    shape.set_batch_size(sizes.rows_per_batch());
  }
  const auto explained = [&](const arrow::Status& status) {
    return status.ok() ? Status::Ok() : group.input->Explain(status.message());
  };
  parquet::arrow::FileReaderBuilder builder;
  MR_RETURN_IF_ERROR(explained(builder.Open(group.input, read, metadata_)));
  builder.memory_pool(BlockPool())->properties(shape);
  MR_RETURN_IF_ERROR(explained(builder.Build(&group.file)));
  if (metadata_ == nullptr) return group;
  auto batches = group.file->GetRecordBatchReader({row_group}, leaves);
  MR_RETURN_IF_ERROR(explained(batches.status()));
  group.batches = std::move(batches).ValueUnsafe();
  return group;
}

Result<std::unique_ptr<ParquetReader>> ParquetReader::Open(ParquetBytes bytes) {
  std::unique_ptr<ParquetReader> reader(new ParquetReader(std::move(bytes)));
  try {
    MR_ASSIGN_OR_RETURN(const Group group, reader->OpenGroup(0, {}));
    SchemaPtr schema;
    const arrow::Status status = group.file->GetSchema(&schema);
    if (!status.ok()) return group.input->Explain(status.message());
    arrow::FieldVector fields;
    for (const auto& field : schema->fields()) {
      fields.push_back(field->WithType(TravellingType(field->type()))->RemoveMetadata());
    }
    reader->schema_ = arrow::schema(std::move(fields));
    reader->metadata_ = group.file->parquet_reader()->metadata();
    reader->row_group_count_ = group.file->num_row_groups();
    reader->row_count_ = reader->metadata_->num_rows();
    return reader;
  } catch (const std::exception& error) {
    return ConfigError("the Parquet file is corrupted or cut short: {}", error.what());
  }
}

ParquetRows::ParquetRows() = default;
ParquetRows::~ParquetRows() = default;

Result<std::unique_ptr<ParquetRows>> ParquetReader::OpenRowGroup(
    int row_group, const std::set<std::string>& columns) try {
  std::unique_ptr<ParquetRows> rows(new ParquetRows());
  MR_ASSIGN_OR_RETURN(Group group, OpenGroup(row_group, columns));
  rows->group_ = std::make_unique<Group>(std::move(group));
  arrow::FieldVector fields;
  for (const auto& field : schema_->fields()) {
    if (columns.empty() || columns.contains(field->name())) fields.push_back(field);
  }
  rows->schema_ = arrow::schema(std::move(fields));
  return rows;
} catch (const std::exception& error) {
  return ConfigError("the Parquet file is corrupted or cut short: {}", error.what());
}

Result<ChangeBatch> ParquetRows::Next() try {
  std::shared_ptr<arrow::RecordBatch> read;
  const arrow::Status status = group_->batches->ReadNext(&read);
  if (!status.ok()) return group_->input->Explain(status.message());
  ChangeBatch batch;
  if (read == nullptr) return batch;
  arrow::ArrayVector arrays;
  for (int at = 0; at < read->num_columns(); ++at) {
    MR_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Array> array,
                        ToTravellingType(read->column(at), read->column_name(at), &batch.changes));
    arrays.push_back(std::move(array));
  }
  std::stable_sort(batch.changes.begin(), batch.changes.end(),
                   [](const FieldChange& a, const FieldChange& b) { return a.row < b.row; });
  batch.rows = arrow::RecordBatch::Make(schema_, read->num_rows(), std::move(arrays));
  return batch;
} catch (const std::exception& error) {
  return ConfigError("the Parquet file is corrupted or cut short: {}", error.what());
}

Status ParquetReader::ReadRowGroup(int row_group, const std::set<std::string>& columns,
                                   const std::function<Status(ChangeBatch)>& sink) {
  MR_ASSIGN_OR_RETURN(const auto rows, OpenRowGroup(row_group, columns));
  for (;;) {
    MR_ASSIGN_OR_RETURN(ChangeBatch batch, rows->Next());
    if (batch.rows == nullptr) return Status::Ok();
    MR_RETURN_IF_ERROR(sink(std::move(batch)));
  }
}

}  // namespace millrace
