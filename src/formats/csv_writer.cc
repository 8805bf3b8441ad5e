#include "formats/csv_writer.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <utility>

#include "formats/json_encoder.h"
#include "formats/text_layout.h"
#include "formats/text_output.h"

namespace millrace {
namespace {

constexpr size_t kChunkBytes = 256 << 10;

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

class CsvWriter : public FileWriter {
 public:
  CsvWriter(SchemaPtr schema, JsonEncoder encoder, TextLayout layout, ByteSink& sink,
            const FileFormat& format)
      : schema_(std::move(schema)),
        encoder_(std::move(encoder)),
        layout_(std::move(layout)),
        delimiter_(format.delimiter),
        output_(sink, format.codec == FileFormat::Codec::kGzip) {}

  Status Write(const std::shared_ptr<arrow::RecordBatch>& rows) override {
    AppendHeader();
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
    AppendHeader();
    MR_RETURN_IF_ERROR(WriteBuffered());
    MR_RETURN_IF_ERROR(output_.Close());
    return FileTotals{rows_, output_.written_bytes()};
  }

 private:
  void AppendHeader() {
    if (std::exchange(header_written_, true)) return;
    bool first = true;
    for (const int column : layout_.plain) {
      if (!std::exchange(first, false)) text_ += delimiter_;
      AppendCell(schema_->field(column)->name(), delimiter_, text_);
    }
    if (layout_.wrapped) {
      if (!std::exchange(first, false)) text_ += delimiter_;
      AppendCell(TextLayout::kDataColumn, delimiter_, text_);
    }
    text_ += "\r\n";
  }

  void AppendLine(const arrow::RecordBatch& rows, int64_t row) {
    bool first = true;
    for (const int column : layout_.plain) {
      if (!std::exchange(first, false)) text_ += delimiter_;
      AppendValue(*rows.column(column), row);
    }
    if (layout_.wrapped) {
      if (!std::exchange(first, false)) text_ += delimiter_;
      json_.clear();
      encoder_.AppendRow(rows, row, layout_.data, json_);
      AppendCell(json_, delimiter_, text_);
    }
    text_ += "\r\n";
  }

  void AppendValue(const arrow::Array& column, int64_t row) {
    if (column.IsNull(row)) return;
    switch (column.type_id()) {
      case arrow::Type::STRING:
        return AppendCell(static_cast<const arrow::StringArray&>(column).GetView(row), delimiter_,
                          text_);
      case arrow::Type::LARGE_STRING:
        return AppendCell(static_cast<const arrow::LargeStringArray&>(column).GetView(row),
                          delimiter_, text_);
      case arrow::Type::DICTIONARY: {
        const auto& encoded = static_cast<const arrow::DictionaryArray&>(column);
        return AppendValue(*encoded.dictionary(), encoded.GetValueIndex(row));
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
               text_);
  }

  const SchemaPtr schema_;
  const JsonEncoder encoder_;
  const TextLayout layout_;
  const char delimiter_;
  TextOutput output_;
  bool header_written_ = false;
  std::string text_;
  std::string json_;  // one value, reused
  int64_t rows_ = 0;
};

}  // namespace

Result<std::unique_ptr<FileWriter>> MakeCsvWriter(const FileFormat& format, const SchemaPtr& schema,
                                                  ByteSink& sink) {
  MR_ASSIGN_OR_RETURN(JsonEncoder encoder, JsonEncoder::Make(schema));
  return std::unique_ptr<FileWriter>(std::make_unique<CsvWriter>(
      schema, std::move(encoder), TextLayoutOf(*schema, format.flatten), sink, format));
}

}  // namespace millrace
