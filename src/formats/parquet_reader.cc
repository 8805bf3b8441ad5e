#include "formats/parquet_reader.h"

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <parquet/arrow/reader.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>

#include <algorithm>
#include <mutex>
#include <utility>

#include "connector/block_pool.h"
#include "formats/arrow_types.h"
#include "formats/batch_bounds.h"

namespace millrace {
namespace {

/// What all columns' read buffers take together, and each at least and at most.
constexpr int64_t kReadBytes = 16 << 20;
constexpr int64_t kReadBytesLeast = 64 << 10;
constexpr int64_t kReadBytesMost = 1 << 20;

int64_t RowsPerBatch(const parquet::RowGroupMetaData& group) {
  const int64_t rows = std::max<int64_t>(group.num_rows(), 1);
  const int64_t row_bytes = std::max<int64_t>(group.total_byte_size() / rows, 1);
  // Dictionaries and run lengths make the file's bytes fewer than the values': allow for twice.
  return std::clamp<int64_t>(kBatchBytesMax / (2 * row_bytes), 1, kBatchRowsMax);
}

}  // namespace

/// The file as Arrow wants it. Remembers why a read failed: on its way through Arrow an error loses
/// its type.
class ParquetReader::Input : public arrow::io::RandomAccessFile {
 public:
  explicit Input(const ParquetBytes& bytes) : bytes_(bytes) {}

  arrow::Result<int64_t> GetSize() override { return bytes_.size; }
  arrow::Result<int64_t> ReadAt(int64_t position, int64_t size, void* out) override {
    Result<int64_t> got = Fetch(position, size, static_cast<char*>(out));
    if (got.ok()) return *got;
    std::lock_guard lock(mutex_);
    failure_ = got.status();
    return arrow::Status::IOError(failure_.ToString());
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t position, int64_t size) override {
    ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateResizableBuffer(size, BlockPool()));
    ARROW_ASSIGN_OR_RAISE(const int64_t got, ReadAt(position, size, buffer->mutable_data()));
    ARROW_RETURN_NOT_OK(buffer->Resize(got, false));
    return std::shared_ptr<arrow::Buffer>(std::move(buffer));
  }
  arrow::Result<int64_t> Read(int64_t size, void* out) override {
    ARROW_ASSIGN_OR_RAISE(const int64_t got, ReadAt(position_, size, out));
    position_ += got;
    return got;
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(int64_t size) override {
    ARROW_ASSIGN_OR_RAISE(auto buffer, ReadAt(position_, size));
    position_ += buffer->size();
    return buffer;
  }
  arrow::Status Seek(int64_t position) override {
    position_ = position;
    return arrow::Status::OK();
  }
  arrow::Result<int64_t> Tell() const override { return position_; }
  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }

  Status failure() const {
    std::lock_guard lock(mutex_);
    return failure_;
  }

 private:
  Result<int64_t> Fetch(int64_t position, int64_t size, char* out) {
    MR_ASSIGN_OR_RETURN(const std::unique_ptr<ByteReader> reader, bytes_.open(position, size));
    int64_t read = 0;
    for (int64_t got = 1; got > 0 && read < size; read += got) {
      MR_ASSIGN_OR_RETURN(got, reader->Read(out + read, size - read));
    }
    return read;
  }

  const ParquetBytes& bytes_;
  mutable std::mutex mutex_;
  Status failure_;  // guarded by mutex_
  int64_t position_ = 0;
  bool closed_ = false;
};

struct ParquetReader::Group {
  std::shared_ptr<Input> input;
  std::unique_ptr<parquet::arrow::FileReader> file;
  std::unique_ptr<arrow::RecordBatchReader> batches;
};

ParquetReader::ParquetReader(ParquetBytes bytes) : bytes_(std::move(bytes)) {}

Status ParquetReader::Explain(const Input& input, const std::string& what) const {
  if (Status failure = input.failure(); !failure.ok()) return failure;
  return ConfigError("the Parquet file is corrupted or cut short: {}", what);
}

Result<ParquetReader::Group> ParquetReader::OpenGroup(int row_group,
                                                      const std::set<std::string>& columns) {
  Group group{std::make_shared<Input>(bytes_), nullptr, nullptr};
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
    read.enable_buffered_stream();
    read.set_buffer_size(
        std::clamp<int64_t>(kReadBytes / std::max<int64_t>(static_cast<int64_t>(leaves.size()), 1),
                            kReadBytesLeast, kReadBytesMost));
    shape.set_batch_size(RowsPerBatch(*metadata_->RowGroup(row_group)));
  }
  const auto explained = [&](const arrow::Status& status) {
    return status.ok() ? Status::Ok() : Explain(*group.input, status.message());
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
    if (!status.ok()) return reader->Explain(*group.input, status.message());
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

Status ParquetReader::ReadRowGroup(int row_group, const std::set<std::string>& columns,
                                   const std::function<Status(ChangeBatch)>& sink) try {
  MR_ASSIGN_OR_RETURN(const Group group, OpenGroup(row_group, columns));
  arrow::FieldVector fields;
  for (const auto& field : schema_->fields()) {
    if (columns.empty() || columns.contains(field->name())) fields.push_back(field);
  }
  const SchemaPtr schema = arrow::schema(std::move(fields));
  for (;;) {
    std::shared_ptr<arrow::RecordBatch> read;
    const arrow::Status status = group.batches->ReadNext(&read);
    if (!status.ok()) return Explain(*group.input, status.message());
    if (read == nullptr) return Status::Ok();
    ChangeBatch batch;
    arrow::ArrayVector arrays;
    for (int at = 0; at < read->num_columns(); ++at) {
      MR_ASSIGN_OR_RETURN(
          std::shared_ptr<arrow::Array> array,
          ToTravellingType(read->column(at), read->column_name(at), &batch.changes));
      arrays.push_back(std::move(array));
    }
    std::stable_sort(batch.changes.begin(), batch.changes.end(),
                     [](const FieldChange& a, const FieldChange& b) { return a.row < b.row; });
    batch.rows = arrow::RecordBatch::Make(schema, read->num_rows(), std::move(arrays));
    MR_RETURN_IF_ERROR(sink(std::move(batch)));
  }
} catch (const std::exception& error) {
  return ConfigError("the Parquet file is corrupted or cut short: {}", error.what());
}

}  // namespace millrace
