#include "declarative/streams/column_output.h"

#include <arrow/array.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/type.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "base/log.h"
#include "connector/arrow_status.h"
#include "connector/json_schema.h"
#include "connector/number_type.h"
#include "connector/undeclared_column.h"
#include "declarative/records/record_json.h"
#include "declarative/streams/declarative_stream.h"

namespace millrace {

/// One stream's rows on their way.
struct ColumnOutput::Inlet {
  const ConfiguredStream* configured = nullptr;
  std::unique_ptr<RecordColumns> columns;
  arrow::Int64Builder extracted_at;  // of the rows that columns holds, milliseconds
  std::optional<Error> failure;      // the first one
};

ColumnOutput::ColumnOutput(const ConfiguredCatalog& catalog, bool keep_undeclared,
                           SourceOutput& output, const Clock& clock)
    : output_(output), clock_(clock), keep_undeclared_(keep_undeclared) {
  for (const ConfiguredStream& stream : catalog.streams) {
    auto inlet = std::make_unique<Inlet>();
    inlet->configured = &stream;
    inlets_[stream.descriptor().name] = std::move(inlet);
  }
}

ColumnOutput::~ColumnOutput() = default;

ColumnOutput::Inlet& ColumnOutput::Of(const DeclarativeStream& stream) {
  return *inlets_.at(stream.name());
}

Status ColumnOutput::Started(const DeclarativeStream& stream) {
  Inlet& inlet = Of(stream);
  SchemaPtr schema = ArrowSchemaOf(*inlet.configured->stream.json_schema);
  if (keep_undeclared_) {
    MR_ASSIGN_OR_RETURN(schema, WithUndeclaredColumn(*inlet.configured, *schema));
  }
  MR_ASSIGN_OR_RETURN(inlet.columns, RecordColumns::Make(schema, keep_undeclared_));
  const StreamDescriptor& descriptor = inlet.configured->descriptor();
  output_.ReportStatus(descriptor, StreamStatus::kStarted);
  const Status opened = output_.Open(descriptor, schema);
  // A stream that was given up is no reason to stop: its records are told so one by one.
  return opened.code() == StatusCode::kStreamStopped ? Status::Ok() : opened;
}

Status ColumnOutput::Records(const DeclarativeStream& stream,
                             std::span<DeclarativeRecord> records) {
  Inlet& inlet = Of(stream);
  const auto now = clock_.WallNow().time_since_epoch();
  const int64_t millis = std::chrono::floor<std::chrono::milliseconds>(now).count();
  for (const DeclarativeRecord& record : records) {
    MR_RETURN_IF_ERROR(inlet.columns->Append(record.data));
    MR_ARROW_RETURN_IF_ERROR(inlet.extracted_at.Append(millis), "reading records");
  }
  if (inlet.columns->rows() < kBatchRows && inlet.columns->bytes() < kBatchBytes) {
    return Status::Ok();
  }
  return Deliver(inlet);
}

Status ColumnOutput::Deliver(Inlet& inlet) {
  if (inlet.columns->rows() == 0) return Status::Ok();
  MR_ASSIGN_OR_RETURN(ChangeBatch batch, inlet.columns->Finish());
  MR_ARROW_RETURN_IF_ERROR(inlet.extracted_at.Finish(&batch.extracted_at), "reading records");
  return output_.Emit(inlet.configured->descriptor(), std::move(batch), Deadline::Never());
}

Status ColumnOutput::State(const DeclarativeStream& stream, const PyValue& state) {
  Inlet& inlet = Of(stream);
  MR_RETURN_IF_ERROR(Deliver(inlet));
  std::string text;
  AppendRecordJson(state, &text);
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return SystemError("the state of {} is no JSON", stream.name());
  return output_.Checkpoint(
      StateMessage::OfStream(inlet.configured->descriptor(), std::move(json)));
}

Status ColumnOutput::Failed(const DeclarativeStream& stream, const Error& error) {
  Inlet& inlet = Of(stream);
  if (inlet.failure) {
    Log(LogLevel::kError, "{}: {}", stream.name(), error.message);
  } else {
    inlet.failure = error;
  }
  return Status::Ok();
}

Status ColumnOutput::Ended(const DeclarativeStream& stream, bool complete) {
  Inlet& inlet = Of(stream);
  const Status delivered = Deliver(inlet);
  if (!delivered.ok() && delivered.code() != StatusCode::kStreamStopped) return delivered;
  if (const int64_t values = inlet.columns->undeclared_values(); values > 0) {
    Log(LogLevel::kWarn, "{}: {} values of fields that its schema doesn't declare were left out",
        stream.name(), values);
  }
  output_.ReportStatus(inlet.configured->descriptor(),
                       complete ? StreamStatus::kComplete : StreamStatus::kIncomplete,
                       inlet.failure);
  return Status::Ok();
}

Status ColumnOutput::Missing(const std::string& stream) {
  const auto found = inlets_.find(stream);
  if (found == inlets_.end()) return Status::Ok();
  const StreamDescriptor& descriptor = found->second->configured->descriptor();
  output_.ReportStatus(descriptor, StreamStatus::kIncomplete,
                       Error{FailureType::kConfigError,
                             fmt::format("the manifest has no stream {}", stream),
                             {},
                             descriptor});
  return Status::Ok();
}

}  // namespace millrace
