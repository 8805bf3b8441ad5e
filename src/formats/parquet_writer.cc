#include "formats/parquet_writer.h"

#include <arrow/chunked_array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/byte_size.h>
#include <parquet/arrow/schema.h>
#include <parquet/arrow/writer.h>
#include <parquet/exception.h>
#include <parquet/schema.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "connector/arrow_status.h"
#include "connector/block_pool.h"
#include "formats/parquet_encodings.h"
#include "formats/parquet_flat_column.h"
#include "formats/parquet_row_groups.h"
#include "formats/parquet_types.h"
#include "formats/sink_stream.h"
#include "formats/text_dictionary.h"
#include "formats/unscaled_decimals.h"

namespace millrace {
namespace {

constexpr int64_t kRowGroupRows = 122'880;
/// Wide rows close their row group here, however large block_size_mb is: several writers fill
/// theirs at a time.
constexpr int64_t kRowGroupBytesMax = int64_t{32} << 20;
constexpr const char* kWritingParquet = "writing Parquet";

class ParquetWriter : public FileWriter {
 public:
  ParquetWriter(const FileFormat& format, SchemaPtr file_schema, ByteSink& sink)
      : format_(format),
        file_schema_(std::move(file_schema)),
        row_group_bytes_max_(std::min(format.block_bytes, kRowGroupBytesMax)),
        stream_(std::make_shared<SinkStream>(sink)) {}

  Status Write(const std::shared_ptr<arrow::RecordBatch>& rows) override {
    // A batch of several row groups is taken in slices.
    for (int64_t at = 0; at < rows->num_rows();) {
      const int64_t left = rows->num_rows() - at;
      const int64_t take = left < 2 * kRowGroupRows ? left : kRowGroupRows;
      MR_RETURN_IF_ERROR(Take(take == rows->num_rows() ? rows : rows->Slice(at, take)));
      at += take;
    }
    return Status::Ok();
  }

  Status WriteBuffered() override {
    if (pending_rows_ == 0) return Status::Ok();
    return Guarded([this] { return WriteRowGroup(); });
  }

  int64_t buffered_bytes() const override { return pending_bytes_; }
  int64_t written_bytes() const override { return stream_->written(); }

  Result<FileTotals> Close() override {
    MR_RETURN_IF_ERROR(WriteBuffered());
    MR_RETURN_IF_ERROR(Guarded([this] {
      if (writer_ == nullptr) {
        MR_RETURN_IF_ERROR(Open(std::vector<arrow::ArrayVector>(file_schema_->num_fields())));
      }
      MR_ARROW_RETURN_IF_ERROR(writer_->Close(), kWritingParquet);
      return Status::Ok();
    }));
    return FileTotals{rows_, stream_->written()};
  }

 private:
  Status Take(std::shared_ptr<arrow::RecordBatch> rows) {
    MR_ARROW_ASSIGN_OR_RETURN(const int64_t bytes, arrow::util::ReferencedBufferSize(*rows),
                              kWritingParquet);
    pending_rows_ += rows->num_rows();
    pending_bytes_ += bytes;
    pending_.push_back(std::move(rows));
    const bool full = pending_rows_ >= kRowGroupRows || pending_bytes_ >= row_group_bytes_max_;
    return full ? WriteBuffered() : Status::Ok();
  }

  Status WriteRowGroup() {
    std::vector<arrow::ArrayVector> columns(file_schema_->num_fields());
    for (size_t c = 0; c < columns.size(); ++c) {
      for (const auto& rows : pending_) {
        MR_ASSIGN_OR_RETURN(auto column,
                            ParquetColumnOf(rows->column(static_cast<int>(c)),
                                            file_schema_->field(static_cast<int>(c))->type()));
        columns[c].push_back(std::move(column));
      }
    }
    pending_.clear();
    if (writer_ == nullptr) MR_RETURN_IF_ERROR(Open(columns));
    MR_ARROW_RETURN_IF_ERROR(writer_->NewRowGroup(), kWritingParquet);
    for (size_t c = 0; c < columns.size(); ++c) {
      const int column = static_cast<int>(c);
      MR_ASSIGN_OR_RETURN(auto chunks, EncodedColumn(column, std::move(columns[c])));
      if (IsFlatColumn(*file_schema_->field(column)->type())) {
        MR_RETURN_IF_ERROR(
            WriteFlatColumn(chunks, *context_, *row_groups_->current()->NextColumn()));
      } else {
        MR_ARROW_RETURN_IF_ERROR(
            writer_->WriteColumnChunk(std::make_shared<arrow::ChunkedArray>(std::move(chunks))),
            kWritingParquet);
      }
    }
    rows_ += std::exchange(pending_rows_, 0);
    pending_bytes_ = 0;
    return Status::Ok();
  }

  /// The column in the form that costs Arrow's writer least.
  Result<arrow::ArrayVector> EncodedColumn(int c, arrow::ArrayVector chunks) {
    const auto& name = file_schema_->field(c)->name();
    if (properties_->dictionary_enabled(
            std::make_shared<parquet::schema::ColumnPath>(std::vector<std::string>{name}))) {
      MR_ASSIGN_OR_RETURN(auto dictionary, SmallTextDictionary(chunks));
      if (dictionary != nullptr) return arrow::ArrayVector{std::move(dictionary)};
    }
    for (auto& chunk : chunks) {
      MR_ASSIGN_OR_RETURN(chunk, UnscaledDecimals(chunk));
    }
    return chunks;
  }

  Status Open(const std::vector<arrow::ArrayVector>& columns) {
    MR_ASSIGN_OR_RETURN(properties_, ParquetPropertiesFor(format_, *file_schema_, columns));
    std::shared_ptr<parquet::SchemaDescriptor> descriptor;
    MR_ARROW_RETURN_IF_ERROR(
        parquet::arrow::ToParquetSchema(file_schema_.get(), *properties_, &descriptor),
        kWritingParquet);
    auto root = std::static_pointer_cast<parquet::schema::GroupNode>(descriptor->schema_root());
    auto row_groups = std::make_unique<ParquetRowGroups>(
        parquet::ParquetFileWriter::Open(stream_, std::move(root), properties_));
    row_groups_ = row_groups.get();
    auto file = std::make_unique<parquet::ParquetFileWriter>();
    file->Open(std::move(row_groups));
    arrow_properties_ = parquet::default_arrow_writer_properties();
    context_ = std::make_unique<parquet::ArrowWriteContext>(BlockPool(), arrow_properties_.get());
    MR_ARROW_RETURN_IF_ERROR(
        parquet::arrow::FileWriter::Make(BlockPool(), std::move(file), file_schema_,
                                         arrow_properties_, &writer_),
        kWritingParquet);
    return Status::Ok();
  }

  /// Keeps exceptions inside, and prefers the sink's own failure to Arrow's report of it.
  template <typename Step>
  Status Guarded(Step step) {
    Status status;
    try {
      status = step();
    } catch (const std::exception& error) {
      status = SystemError("{}: {}", kWritingParquet, error.what());
    }
    return stream_->failure().ok() ? status : stream_->failure();
  }

  const FileFormat format_;
  const SchemaPtr file_schema_;
  const int64_t row_group_bytes_max_;
  std::shared_ptr<SinkStream> stream_;
  std::unique_ptr<parquet::arrow::FileWriter> writer_;  // from the first row group on
  // Set with writer_:
  std::shared_ptr<parquet::WriterProperties> properties_;
  std::shared_ptr<parquet::ArrowWriterProperties> arrow_properties_;
  std::unique_ptr<parquet::ArrowWriteContext> context_;
  ParquetRowGroups* row_groups_ = nullptr;  // in writer_
  std::vector<std::shared_ptr<arrow::RecordBatch>> pending_;
  int64_t pending_rows_ = 0;
  int64_t pending_bytes_ = 0;
  int64_t rows_ = 0;
};

}  // namespace

Result<std::unique_ptr<FileWriter>> MakeParquetWriter(const FileFormat& format,
                                                      const SchemaPtr& schema, ByteSink& sink) {
  MR_ASSIGN_OR_RETURN(SchemaPtr file_schema, ParquetSchemaOf(*schema));
  return std::unique_ptr<FileWriter>(
      std::make_unique<ParquetWriter>(format, std::move(file_schema), sink));
}

}  // namespace millrace
