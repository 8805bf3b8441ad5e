#pragma once

#include <cstdint>
#include <vector>

#include "files/file_table.h"
#include "files/text_input.h"
#include "formats/json_documents.h"
#include "sources/file/file_config.h"

namespace millrace {

/// A JSON or JSONL file as a table. The survey reads every record, so that a key first seen in the
/// last one has its column. JSONL that can be read from anywhere is surveyed and read in pieces, in
/// parallel; one array, and compressed files, from front to back.
class JsonTable : public FileTable {
 public:
  JsonTable(const FileConfig& config, TextInput text);

  Status Survey(std::stop_token stop) override;
  const SchemaPtr& schema() const override { return schema_; }
  int64_t piece_count() const override { return static_cast<int64_t>(pieces_.size()); }
  int64_t row_count() const override { return rows_; }
  Status Read(int64_t piece, const std::set<std::string>& columns, const RowSink& sink,
              std::stop_token stop) override;

 private:
  struct Piece {
    int64_t begin = 0;
    int64_t size = -1;  // -1: to the file's end
    int64_t first_line = 1;
  };

  const JsonDocuments::Layout layout_;
  const int64_t rows_max_;
  const TextInput text_;
  std::vector<Piece> pieces_;
  SchemaPtr schema_;
  int64_t rows_ = 0;
};

}  // namespace millrace
