#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>

#include "base/result.h"
#include "connector/source.h"
#include "formats/byte_sink.h"
#include "formats/file_format.h"

namespace millrace {

struct FileTotals {
  int64_t rows = 0;
  int64_t bytes = 0;
};

/// Turns record batches of one schema into one file. Made per file by lake, which rolls files and
/// gives the sink; one thread. After a failure only destruction is allowed. A file that was not
/// closed is not valid.
class FileWriter {
 public:
  virtual ~FileWriter() = default;

  /// Takes rows in the schema that the writer was made for. May buffer them.
  virtual Status Write(const std::shared_ptr<arrow::RecordBatch>& rows) = 0;

  /// Encodes and writes what is buffered, to free its memory; costs a smaller row group.
  virtual Status WriteBuffered() = 0;

  virtual int64_t buffered_bytes() const = 0;  ///< held in memory for rows not yet written
  virtual int64_t written_bytes() const = 0;   ///< given to the sink so far

  /// Writes what is buffered and the file's end. Once.
  virtual Result<FileTotals> Close() = 0;
};

/// A writer for a file of `format`. Columns of type number() have been replaced already where the
/// format is Parquet (see number_columns.h); a type that the format can't hold is a system error
/// that names the column.
Result<std::unique_ptr<FileWriter>> MakeFileWriter(const FileFormat& format,
                                                   const SchemaPtr& schema, ByteSink& sink);

}  // namespace millrace
