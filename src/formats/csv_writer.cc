#include "formats/csv_writer.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <utility>

#include "formats/json_encoder.h"
#include "formats/text_file_writer.h"
#include "formats/text_layout.h"

namespace millrace {
namespace {

/// A cell with what RFC 4180 asks for: quotes around anything that could be taken for structure,
/// and around the empty text, which is not null.
void AppendCell(std::string_view value, char delimiter, std::string& out) {
  const char structure[] = {'"', '\r', '\n', delimiter};
  if (!value.empty() && value.find_first_of(std::string_view(structure, sizeof structure)) ==
                            std::string_view::npos) {
    out += value;
    return;
  }
  out += '"';
  for (const char c : value) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

class CsvWriter : public TextFileWriter {
 public:
  CsvWriter(SchemaPtr schema, JsonEncoder encoder, TextLayout layout, ByteSink& sink,
            const FileFormat& format)
      : TextFileWriter(sink, format.codec == FileFormat::Codec::kGzip),
        schema_(std::move(schema)),
        encoder_(std::move(encoder)),
        layout_(std::move(layout)),
        delimiter_(format.delimiter) {}

 private:
  void AppendHead(std::string& text) override {
    bool first = true;
    for (const int column : layout_.plain) {
      if (!std::exchange(first, false)) text += delimiter_;
      AppendCell(schema_->field(column)->name(), delimiter_, text);
    }
    if (layout_.wrapped) {
      if (!std::exchange(first, false)) text += delimiter_;
      AppendCell(TextLayout::kDataColumn, delimiter_, text);
    }
    text += "\r\n";
  }

  void AppendRow(const arrow::RecordBatch& rows, int64_t row, std::string& text) override {
    bool first = true;
    for (const int column : layout_.plain) {
      if (!std::exchange(first, false)) text += delimiter_;
      AppendValue(*rows.column(column), row, text);
    }
    if (layout_.wrapped) {
      if (!std::exchange(first, false)) text += delimiter_;
      json_.clear();
      encoder_.AppendRow(rows, row, layout_.data, json_);
      AppendCell(json_, delimiter_, text);
    }
    text += "\r\n";
  }

  void AppendValue(const arrow::Array& column, int64_t row, std::string& text) {
    if (column.IsNull(row)) return;
    switch (column.type_id()) {
      case arrow::Type::STRING:
        return AppendCell(static_cast<const arrow::StringArray&>(column).GetView(row), delimiter_,
                          text);
      case arrow::Type::LARGE_STRING:
        return AppendCell(static_cast<const arrow::LargeStringArray&>(column).GetView(row),
                          delimiter_, text);
      case arrow::Type::DICTIONARY: {
        const auto& encoded = static_cast<const arrow::DictionaryArray&>(column);
        return AppendValue(*encoded.dictionary(), encoded.GetValueIndex(row), text);
      }
      default:
        break;
    }
    json_.clear();
    AppendJsonValue(column, row, json_);
    if (json_ == "null") return;  // a double that is no number
    // What JSON writes as a plain string (timestamps, base64) stands here without its quotes.
    const bool quoted = json_.front() == '"' && column.type_id() != arrow::Type::EXTENSION;
    AppendCell(quoted ? std::string_view(json_).substr(1, json_.size() - 2) : json_, delimiter_,
               text);
  }

  const SchemaPtr schema_;
  const JsonEncoder encoder_;
  const TextLayout layout_;
  const char delimiter_;
  std::string json_;  // one value, reused
};

}  // namespace

Result<std::unique_ptr<FileWriter>> MakeCsvWriter(const FileFormat& format, const SchemaPtr& schema,
                                                  ByteSink& sink) {
  MR_ASSIGN_OR_RETURN(JsonEncoder encoder, JsonEncoder::Make(schema));
  return std::unique_ptr<FileWriter>(std::make_unique<CsvWriter>(
      schema, std::move(encoder), TextLayoutOf(*schema, format.flatten), sink, format));
}

}  // namespace millrace
