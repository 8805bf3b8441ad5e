#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "connector/change_batch.h"
#include "connector/source.h"
#include "files/file_input.h"
#include "files/row_fitter.h"
#include "files/text_input.h"
#include "formats/csv_options.h"

namespace millrace {

/// What the files of a stream are, with the options of Airbyte's `format` object. A plain value.
struct StreamFileFormat {
  enum class Type { kCsv, kJsonl, kParquet, kAvro, kExcel };

  Type type = Type::kCsv;
  TextForm text;  ///< CSV and JSONL

  // CSV only.
  CsvOptions csv;
  TextMeanings meanings;
  bool infers_types = false;  ///< booleans and numbers; else every column is text

  // Parquet only.
  bool decimal_as_float = false;

  // Avro only.
  bool double_as_string = false;
};

/// The columns of a file that are wanted, as a reader needs them.
struct WantedColumns {
  SchemaPtr schema;      ///< of the stream, without the columns about the file
  bool all = false;      ///< hand out the others, too: somebody minds that they are there
  bool wrapped = false;  ///< one column `data` with the whole record (schemaless)
};

/// Takes rows as a file has them (types as found, columns missing or in excess) and the rows that
/// have keys without a column.
using FileRowSink =
    std::function<Status(const ChangeBatch& batch, const std::vector<int64_t>& undeclared)>;

/// Reads files of one type, each by itself. Thread-safe.
class StreamFileType {
 public:
  /// How much of a text is looked at to know its columns.
  static constexpr int64_t kSampleBytes = 8 << 20;

  virtual ~StreamFileType() = default;

  /// The columns that the files have together. Of texts the beginning of each is looked at.
  /// Config errors name the file.
  virtual Result<SchemaPtr> Infer(const std::vector<std::unique_ptr<FileInput>>& files,
                                  std::stop_token stop) const = 0;

  /// Hands out a file's rows, front to back, a batch at a time. Errors say where in the file.
  virtual Status Read(FileInput& file, const WantedColumns& wanted, const FileRowSink& sink,
                      std::stop_token stop) const = 0;
};

std::unique_ptr<StreamFileType> MakeStreamFileType(const StreamFileFormat& format);

// The types behind it.
std::unique_ptr<StreamFileType> MakeCsvFiles(const StreamFileFormat& format);
std::unique_ptr<StreamFileType> MakeJsonlFiles(const StreamFileFormat& format);
std::unique_ptr<StreamFileType> MakeTableFiles(const StreamFileFormat& format);

}  // namespace millrace
