#include "formats/json_reader.h"

#include <arrow/record_batch.h>

#include <utility>

#include "formats/batch_bounds.h"

namespace millrace {
namespace {

constexpr int64_t kRowsPerStopCheck = 1024;
constexpr int64_t kRowsPerSizeCheck = 128;

}  // namespace

Result<JsonSurvey> SurveyJson(ByteReader& input, JsonDocuments::Layout layout, int64_t first_line,
                              int64_t rows_max, std::stop_token stop) {
  JsonSurvey survey;
  JsonDocuments documents(input, layout, first_line);
  while (rows_max < 0 || survey.inference.rows() < rows_max) {
    MR_ASSIGN_OR_RETURN(const bool more, documents.Next());
    if (!more) break;
    if (!survey.inference.Add(documents.text())) {
      return ConfigError("{}: malformed JSON: {}", documents.Where(), survey.inference.error());
    }
    if (survey.inference.rows() % kRowsPerStopCheck == 0 && stop.stop_requested()) {
      return Status::Canceled();
    }
  }
  survey.end_line = documents.next_line();
  return survey;
}

Result<std::unique_ptr<JsonReader>> JsonReader::Make(ByteReader& input,
                                                     JsonDocuments::Layout layout, SchemaPtr schema,
                                                     int64_t first_line, int64_t rows_max) {
  std::unique_ptr<JsonReader> reader(new JsonReader(input, layout, first_line, rows_max));
  MR_ASSIGN_OR_RETURN(reader->decoder_, JsonBatchDecoder::Make(std::move(schema)));
  return reader;
}

Result<ChangeBatch> JsonReader::Next() {
  int64_t text_bytes = 0;
  while (rows_left_ != 0) {
    MR_ASSIGN_OR_RETURN(const bool more, documents_.Next());
    if (!more) break;
    if (Status appended = decoder_->AppendPadded(documents_.text()); !appended.ok()) {
      return appended.WithContext(documents_.Where() + ": malformed JSON");
    }
    if (rows_left_ > 0) --rows_left_;
    text_bytes += static_cast<int64_t>(documents_.text().size());
    if (decoder_->rows() >= kBatchRowsMax || text_bytes >= kBatchBytesMax) break;
    if (decoder_->rows() % kRowsPerSizeCheck == 0 && decoder_->bytes() >= kBatchBytesMax) break;
  }
  undeclared_rows_ = decoder_->TakeUndeclaredRows();
  if (decoder_->rows() == 0) return ChangeBatch{};
  return decoder_->Finish();
}

}  // namespace millrace
