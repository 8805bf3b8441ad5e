#pragma once

#include <cstdint>
#include <vector>

#include "files/file_table.h"
#include "files/text_input.h"
#include "formats/csv_inference.h"
#include "formats/csv_layout.h"
#include "sources/file/file_config.h"

namespace millrace {

/// A CSV file as a table. The survey looks at every value, so that a column's type holds whatever
/// stands in the last row; it also finds where rows begin, so that pieces can be read in parallel.
///
/// A file that can be read from anywhere is cut at line breaks, and the parts are surveyed at once,
/// each as if no quoted value went over its start. Where the part before ends elsewhere (a line
/// break stood between quotes) the guess was wrong, and the part is surveyed again from there. So
/// any file is read right, and nearly every one in parallel.
class CsvTable : public FileTable {
 public:
  CsvTable(const FileConfig& config, TextInput text);

  Status Survey(std::stop_token stop) override;
  const SchemaPtr& schema() const override { return schema_; }
  int64_t piece_count() const override { return static_cast<int64_t>(pieces_.size()); }
  int64_t row_count() const override { return rows_; }
  Status Read(int64_t piece, const std::set<std::string>& columns, const RowSink& sink,
              std::stop_token stop) override;

 private:
  struct Piece {
    int64_t begin = 0;
    int64_t end = -1;  // -1: the file's end
    int64_t first_line = 1;
  };

  Result<CsvSurvey> SurveyPart(int64_t begin, int64_t bytes, int64_t first_line,
                               std::stop_token stop) const;
  Status SurveyParts(std::stop_token stop);
  void Keep(const CsvSurvey& survey, int64_t begin, int64_t first_line);

  const CsvOptions options_;
  const TextInput text_;
  CsvLayout layout_;
  std::vector<uint8_t> kinds_;
  std::vector<CsvColumn> columns_;
  std::vector<Piece> pieces_;
  SchemaPtr schema_;
  int64_t rows_ = 0;
};

}  // namespace millrace
