#include "formats/file_writer.h"

#include "formats/avro_writer.h"
#include "formats/csv_writer.h"
#include "formats/jsonl_writer.h"
#include "formats/parquet_writer.h"

namespace millrace {

Result<std::unique_ptr<FileWriter>> MakeFileWriter(const FileFormat& format,
                                                   const SchemaPtr& schema, ByteSink& sink) {
  switch (format.type) {
    case FileFormat::Type::kCsv:
      return MakeCsvWriter(format, schema, sink);
    case FileFormat::Type::kJsonl:
      return MakeJsonlWriter(format, schema, sink);
    case FileFormat::Type::kAvro:
      return MakeAvroWriter(format, schema, sink);
    case FileFormat::Type::kParquet:
      break;
  }
  return MakeParquetWriter(format, schema, sink);
}

}  // namespace millrace
