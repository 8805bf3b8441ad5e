#include "external/stream_inlet.h"

#include <arrow/array.h>
#include <arrow/type.h>

#include <nlohmann/json.hpp>

#include "base/json_parsing.h"
#include "connector/arrow_status.h"
#include "connector/json_schema.h"

namespace millrace {
namespace {

constexpr int64_t kBatchBytes = 4 << 20;
constexpr int64_t kBatchRows = 16384;

}  // namespace

Result<std::unique_ptr<StreamInlet>> StreamInlet::Open(const ConfiguredStream& stream,
                                                       bool keep_undeclared, SourceOutput& output) {
  SchemaPtr schema = ArrowSchemaOf(*stream.stream.json_schema);
  if (keep_undeclared) {
    MR_ASSIGN_OR_RETURN(schema, WithUndeclaredColumn(stream, *schema));
  }
  MR_ASSIGN_OR_RETURN(auto decoder, JsonBatchDecoder::Make(schema, keep_undeclared));
  std::unique_ptr<StreamInlet> inlet(
      new StreamInlet(stream.descriptor(), output, std::move(decoder)));
  output.ReportStatus(stream.descriptor(), StreamStatus::kStarted);
  MR_RETURN_IF_ERROR(inlet->Passable(output.Open(stream.descriptor(), schema)));
  return inlet;
}

/// A stream that was given up is no reason to stop.
Status StreamInlet::Passable(const Status& status) {
  if (status.code() != StatusCode::kStreamStopped) return status;
  stopped_ = true;
  return Status::Ok();
}

const char* StreamInlet::AppendData(JsonScanner& scanner) {
  if (!stopped_) return decoder_->AppendNext(scanner);
  std::string_view passed_over;
  return scanner.SkipValue(&passed_over) ? nullptr : scanner.error();
}

void StreamInlet::TakeBackData() {
  if (!stopped_) decoder_->TakeBack();
}

Status StreamInlet::Append(const MessageEnvelope& record) {
  ++since_state_;
  if (stopped_) return Status::Ok();
  const auto millis = EmittedAtOf(record);
  MR_ARROW_RETURN_IF_ERROR(millis ? emitted_at_.Append(*millis) : emitted_at_.AppendNull(),
                           "reading records");
  if (!record.meta.empty()) TakeChanges(record.meta);
  since_look_ += static_cast<int64_t>(record.data.size());
  held_bytes_ += static_cast<int64_t>(record.data.size());
  return Status::Ok();
}

bool StreamInlet::full() {
  if (decoder_->rows() >= kBatchRows) return true;
  if (since_look_ < kBatchBytes / 64) return false;
  since_look_ = 0;  // what the rows occupy takes a while to add up
  return decoder_->bytes() >= kBatchBytes;
}

/// Changes that the source reports itself, about the row appended last.
void StreamInlet::TakeChanges(std::string_view meta) {
  const Json json = ParseJson(meta);
  if (!json.is_object() || !json.contains("changes")) return;
  for (const Json& change : json["changes"]) {
    if (!change.is_object() || !change.value("field", Json()).is_string()) continue;
    FieldChange taken;
    taken.field = change["field"].get<std::string>();
    const Json kind = change.value("change", Json()), reason = change.value("reason", Json());
    if (kind.is_string()) taken.change = kind.get<std::string>();
    if (reason.is_string()) taken.reason = reason.get<std::string>();
    decoder_->AddChange(std::move(taken));
  }
}

Status StreamInlet::Deliver() {
  held_bytes_ = 0;
  if (stopped_ || decoder_->rows() == 0) return Status::Ok();
  MR_ASSIGN_OR_RETURN(ChangeBatch batch, decoder_->Finish());
  MR_ARROW_RETURN_IF_ERROR(emitted_at_.Finish(&batch.extracted_at), "reading records");
  return Passable(output_.Emit(stream_, std::move(batch), Deadline::Never()));
}

}  // namespace millrace
