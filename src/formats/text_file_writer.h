#pragma once

#include <string>

#include "formats/file_writer.h"
#include "formats/text_output.h"

namespace millrace {

/// What writers of text formats have in common: rows become text, which goes to the sink in
/// chunks, gzipped or not. A format says what a row and the file's head look like.
class TextFileWriter : public FileWriter {
 public:
  TextFileWriter(ByteSink& sink, bool gzip) : output_(sink, gzip) {}

  Status Write(const std::shared_ptr<arrow::RecordBatch>& rows) override;
  Status WriteBuffered() override;
  int64_t buffered_bytes() const override { return static_cast<int64_t>(text_.capacity()); }
  int64_t written_bytes() const override { return output_.written_bytes(); }
  Result<FileTotals> Close() override;

 private:
  /// Appends what stands before the first row, also in a file without rows.
  virtual void AppendHead(std::string& text) { (void)text; }
  virtual void AppendRow(const arrow::RecordBatch& rows, int64_t row, std::string& text) = 0;
  void EnsureHead();

  TextOutput output_;
  bool head_written_ = false;
  std::string text_;
  int64_t rows_ = 0;
};

}  // namespace millrace
