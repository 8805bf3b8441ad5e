#include "formats/jsonl_writer.h"

#include <arrow/record_batch.h>

#include <utility>

#include "formats/json_encoder.h"
#include "formats/text_file_writer.h"
#include "formats/text_layout.h"
#include "formats/value_text.h"

namespace millrace {
namespace {

class JsonlWriter : public TextFileWriter {
 public:
  JsonlWriter(JsonEncoder encoder, TextLayout layout, ByteSink& sink, bool gzip)
      : TextFileWriter(sink, gzip), encoder_(std::move(encoder)), layout_(std::move(layout)) {}

 private:
  void AppendRow(const arrow::RecordBatch& rows, int64_t row, std::string& text) override {
    if (!layout_.wrapped) {
      encoder_.AppendRow(rows, row, text);
    } else {
      text += '{';
      for (const int column : layout_.plain) {
        encoder_.AppendField(rows, column, row, text);
        text += ',';
      }
      AppendJsonString(TextLayout::kDataColumn, text);
      text += ':';
      encoder_.AppendRow(rows, row, layout_.data, text);
      text += '}';
    }
    text += '\n';
  }

  const JsonEncoder encoder_;
  const TextLayout layout_;
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
