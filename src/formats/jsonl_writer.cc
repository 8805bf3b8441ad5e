#include "formats/jsonl_writer.h"

#include <arrow/record_batch.h>

#include <utility>

#include "formats/json_encoder.h"
#include "formats/text_layout.h"
#include "formats/text_output.h"
#include "formats/value_text.h"

namespace millrace {
namespace {

constexpr size_t kChunkBytes = 256 << 10;

class JsonlWriter : public FileWriter {
 public:
  JsonlWriter(JsonEncoder encoder, TextLayout layout, ByteSink& sink, bool gzip)
      : encoder_(std::move(encoder)), layout_(std::move(layout)), output_(sink, gzip) {}

  Status Write(const std::shared_ptr<arrow::RecordBatch>& rows) override {
    for (int64_t row = 0; row < rows->num_rows(); ++row) {
      AppendLine(*rows, row);
      if (text_.size() >= kChunkBytes) MR_RETURN_IF_ERROR(WriteBuffered());
    }
    rows_ += rows->num_rows();
    return WriteBuffered();
  }

  Status WriteBuffered() override {
    MR_RETURN_IF_ERROR(output_.Write(text_));
    text_.clear();
    return Status::Ok();
  }

  int64_t buffered_bytes() const override { return static_cast<int64_t>(text_.capacity()); }
  int64_t written_bytes() const override { return output_.written_bytes(); }

  Result<FileTotals> Close() override {
    MR_RETURN_IF_ERROR(WriteBuffered());
    MR_RETURN_IF_ERROR(output_.Close());
    return FileTotals{rows_, output_.written_bytes()};
  }

 private:
  void AppendLine(const arrow::RecordBatch& rows, int64_t row) {
    if (!layout_.wrapped) {
      encoder_.AppendRow(rows, row, text_);
    } else {
      text_ += '{';
      for (const int column : layout_.plain) {
        encoder_.AppendField(rows, column, row, text_);
        text_ += ',';
      }
      AppendJsonString(TextLayout::kDataColumn, text_);
      text_ += ':';
      encoder_.AppendRow(rows, row, layout_.data, text_);
      text_ += '}';
    }
    text_ += '\n';
  }

  const JsonEncoder encoder_;
  const TextLayout layout_;
  TextOutput output_;
  std::string text_;
  int64_t rows_ = 0;
};

}  // namespace

Result<std::unique_ptr<FileWriter>> MakeJsonlWriter(const FileFormat& format,
                                                    const SchemaPtr& schema, ByteSink& sink) {
  MR_ASSIGN_OR_RETURN(JsonEncoder encoder, JsonEncoder::Make(schema));
  return std::unique_ptr<FileWriter>(
      std::make_unique<JsonlWriter>(std::move(encoder), TextLayoutOf(*schema, format.flatten), sink,
                                    format.codec == FileFormat::Codec::kGzip));
}

}  // namespace millrace
