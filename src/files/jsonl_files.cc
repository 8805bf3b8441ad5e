#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <utility>

#include "connector/number_type.h"
#include "files/schemaless_rows.h"
#include "files/stream_file_type.h"
#include "formats/batch_bounds.h"
#include "formats/column_builder.h"
#include "formats/json_documents.h"
#include "formats/json_reader.h"
#include "formats/json_scanner.h"

namespace millrace {
namespace {

class JsonlFiles : public StreamFileType {
 public:
  explicit JsonlFiles(const StreamFileFormat& format) : format_(format) {}

  Result<SchemaPtr> Infer(const std::vector<std::unique_ptr<FileInput>>& files,
                          std::stop_token stop) const override {
    JsonInference all;
    for (const auto& file : files) {
      if (Status added = AddSample(*file, all, stop); !added.ok()) {
        return added.WithContext("reading " + file->name());
      }
    }
    return all.Schema();
  }

  Status Read(FileInput& file, const WantedColumns& wanted, const FileRowSink& sink,
              std::stop_token stop) const override {
    MR_ASSIGN_OR_RETURN(const TextInput text, TextInput::Make(format_.text, file));
    MR_ASSIGN_OR_RETURN(const int64_t data, text.DataOffset());
    MR_ASSIGN_OR_RETURN(const std::unique_ptr<ByteReader> bytes, text.Open(data, -1));
    if (wanted.wrapped) return ReadWhole(*bytes, sink, stop);
    MR_ASSIGN_OR_RETURN(const auto rows, JsonReader::Make(*bytes, JsonDocuments::Layout::kLines,
                                                          wanted.schema, /*first_line=*/1));
    while (!stop.stop_requested()) {
      MR_ASSIGN_OR_RETURN(const ChangeBatch batch, rows->Next());
      if (batch.rows == nullptr) return Status::Ok();
      MR_RETURN_IF_ERROR(sink(batch, rows->undeclared_rows()));
    }
    return Status::Canceled();
  }

 private:
  Status AddSample(FileInput& file, JsonInference& all, std::stop_token stop) const {
    MR_ASSIGN_OR_RETURN(const TextInput text, TextInput::Make(format_.text, file));
    MR_ASSIGN_OR_RETURN(const int64_t data, text.DataOffset());
    MR_ASSIGN_OR_RETURN(const std::unique_ptr<ByteReader> bytes, text.Open(data, -1));
    JsonDocuments documents(*bytes, JsonDocuments::Layout::kLines);
    while (documents.next_offset() < kSampleBytes && !stop.stop_requested()) {
      MR_ASSIGN_OR_RETURN(const bool more, documents.Next());
      if (!more) break;
      if (!all.Add(documents.text())) {
        return ConfigError("{}: malformed JSON: {}", documents.Where(), all.error());
      }
    }
    return stop.stop_requested() ? Status::Canceled() : Status::Ok();
  }

  /// The lines as they are, once they were seen to be JSON objects.
  static Status ReadWhole(ByteReader& bytes, const FileRowSink& sink, std::stop_token stop) {
    JsonDocuments documents(bytes, JsonDocuments::Layout::kLines);
    MR_ASSIGN_OR_RETURN(const auto builder, ColumnBuilder::Make(json_text()));
    for (bool more = true; more && !stop.stop_requested();) {
      MR_ASSIGN_OR_RETURN(more, documents.Next());
      if (more) {
        JsonScanner scanner(documents.text());
        std::string_view whole;
        const bool object = scanner.Peek() == JsonScanner::Kind::kObject;
        if (!object || !scanner.SkipValue(&whole) || !scanner.AtEnd()) {
          return ConfigError("{}: malformed JSON: {} (byte {} of the value)", documents.Where(),
                             object ? scanner.error() : "a JSON object is expected",
                             scanner.offset() + 1);
        }
        builder->AppendText(whole);
      }
      const bool full = builder->length() >= kBatchRowsMax || builder->bytes() >= kBatchBytesMax;
      if (builder->length() == 0 || (more && !full)) continue;
      const int64_t rows = builder->length();
      MR_ASSIGN_OR_RETURN(auto column, builder->Finish());
      ChangeBatch batch;
      batch.rows = arrow::RecordBatch::Make(SchemalessSchema(), rows, {std::move(column)});
      MR_RETURN_IF_ERROR(sink(batch, {}));
    }
    return stop.stop_requested() ? Status::Canceled() : Status::Ok();
  }

  const StreamFileFormat format_;
};

}  // namespace

std::unique_ptr<StreamFileType> MakeJsonlFiles(const StreamFileFormat& format) {
  return std::make_unique<JsonlFiles>(format);
}

}  // namespace millrace
