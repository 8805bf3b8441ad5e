#include <arrow/compute/cast.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <set>
#include <utility>

#include "connector/arrow_status.h"
#include "files/avro_table.h"
#include "files/excel_table.h"
#include "files/file_table.h"
#include "files/parquet_table.h"
#include "files/schemaless_rows.h"
#include "files/stream_file_type.h"
#include "files/wider_type.h"

namespace millrace {
namespace {

bool IsDecimal(const arrow::DataType& type) { return arrow::is_decimal(type.id()); }

/// Files that know their own schema.
class TableFiles : public StreamFileType {
 public:
  explicit TableFiles(const StreamFileFormat& format) : format_(format) {}

  Result<SchemaPtr> Infer(const std::vector<std::unique_ptr<FileInput>>& files,
                          std::stop_token stop) const override {
    SchemaPtr schema = arrow::schema({});
    for (const auto& file : files) {
      const auto table = Open(*file, stop);
      if (!table.ok()) return table.status().WithContext("reading " + file->name());
      schema = JoinSchemas(schema, Adjusted((*table)->schema()));
    }
    return schema;
  }

  Status Read(FileInput& file, const WantedColumns& wanted, const FileRowSink& sink,
              std::stop_token stop) const override {
    MR_ASSIGN_OR_RETURN(const auto table, Open(file, stop));
    std::set<std::string> columns;  // empty: all, so that rows without a wanted column count
    if (!wanted.all && !wanted.wrapped) {
      for (const auto& field : table->schema()->fields()) {
        if (wanted.schema->GetFieldIndex(field->name()) >= 0) columns.insert(field->name());
      }
    }
    const RowSink take = [&](ChangeBatch batch) -> Status {
      if (stop.stop_requested()) return Status::Canceled();
      MR_RETURN_IF_ERROR(Adjust(batch));
      if (wanted.wrapped) {
        MR_ASSIGN_OR_RETURN(batch, WrapRows(batch));
      }
      return sink(batch, {});
    };
    for (int64_t piece = 0; piece < table->piece_count(); ++piece) {
      MR_RETURN_IF_ERROR(table->Read(piece, columns, take, stop));
    }
    return Status::Ok();
  }

 private:
  Result<std::unique_ptr<FileTable>> Open(FileInput& file, std::stop_token stop) const {
    std::unique_ptr<FileTable> table;
    if (format_.type == StreamFileFormat::Type::kAvro) {
      table = MakeAvroTable(file, format_.double_as_string);
    } else if (format_.type == StreamFileFormat::Type::kExcel) {
      table = MakeExcelTable(file, {});
    } else {
      MR_ASSIGN_OR_RETURN(table, MakeParquetTable(file));
    }
    MR_RETURN_IF_ERROR(table->Survey(stop));
    return table;
  }

  /// decimal_as_float: what the user gave up exactness for.
  SchemaPtr Adjusted(const SchemaPtr& schema) const {
    if (!format_.decimal_as_float) return schema;
    arrow::FieldVector fields = schema->fields();
    for (auto& field : fields) {
      if (IsDecimal(*field->type())) field = field->WithType(arrow::float64());
    }
    return arrow::schema(std::move(fields));
  }

  Status Adjust(ChangeBatch& batch) const {
    if (!format_.decimal_as_float) return Status::Ok();
    arrow::ArrayVector columns = batch.rows->columns();
    for (auto& column : columns) {
      if (!IsDecimal(*column->type())) continue;
      MR_ARROW_ASSIGN_OR_RETURN(column, arrow::compute::Cast(*column, arrow::float64()),
                                "converting a decimal to a float");
    }
    batch.rows = arrow::RecordBatch::Make(Adjusted(batch.rows->schema()), batch.rows->num_rows(),
                                          std::move(columns));
    return Status::Ok();
  }

  const StreamFileFormat format_;
};

}  // namespace

std::unique_ptr<StreamFileType> MakeTableFiles(const StreamFileFormat& format) {
  return std::make_unique<TableFiles>(format);
}

std::unique_ptr<StreamFileType> MakeStreamFileType(const StreamFileFormat& format) {
  switch (format.type) {
    case StreamFileFormat::Type::kCsv:
      return MakeCsvFiles(format);
    case StreamFileFormat::Type::kJsonl:
      return MakeJsonlFiles(format);
    case StreamFileFormat::Type::kParquet:
    case StreamFileFormat::Type::kAvro:
    case StreamFileFormat::Type::kExcel:
      break;
  }
  return MakeTableFiles(format);
}

}  // namespace millrace
