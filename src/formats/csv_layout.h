#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/byte_reader.h"
#include "base/result.h"
#include "formats/csv_options.h"

namespace millrace {

/// Where the rows of a CSV file begin and what its columns are called.
struct CsvLayout {
  std::vector<std::string> names;  ///< unique, in file order
  int64_t data_offset = 0;         ///< bytes before the first row
  int64_t data_line = 1;           ///< the line it stands on
};

/// Opens the file's text (UTF-8) at an offset.
using OpenTextAt = std::function<Result<std::unique_ptr<ByteReader>>(int64_t offset)>;

/// Reads the head of the file: a byte order mark, the lines to skip, the header. A file without a
/// header row to name its columns is a config error.
Result<CsvLayout> ReadCsvLayout(const OpenTextAt& open, const CsvOptions& options);

/// Column names as pandas makes them unique: "" → "Unnamed: 3" (its position), a second "a" →
/// "a.1".
std::vector<std::string> UniqueColumnNames(std::vector<std::string> names);

}  // namespace millrace
