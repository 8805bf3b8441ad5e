#include "external/message_reading.h"

#include <nlohmann/json.hpp>

#include "base/log.h"
#include "external/message_json.h"
#include "external/trace_error.h"
#include "formats/utf8_text.h"
#include "protocol/message.h"

namespace millrace {
namespace {

std::string TextOf(const Json& object, const char* key) {
  const Json value = object.value(key, Json());
  return value.is_string() ? value.get<std::string>() : "";
}

std::optional<int64_t> CountOf(const Json& object, const char* key) {
  const Json value = object.value(key, Json());
  if (!value.is_number_integer()) return std::nullopt;
  return value.get<int64_t>();
}

/// What all inlets together may hold before they deliver: there may be a thousand.
constexpr int64_t kHeldBytesMax = 16 << 20;

}  // namespace

Status MessageReading::Open(const ConfiguredCatalog& catalog) {
  for (const ConfiguredStream& stream : catalog.streams) {
    MR_ASSIGN_OR_RETURN(inlets_[stream.descriptor()],
                        StreamInlet::Open(stream, keep_undeclared_, output_));
  }
  return Status::Ok();
}

Status MessageReading::Take(std::string_view chunk) {
  for (size_t end; (end = chunk.find('\n')) != std::string_view::npos;
       chunk.remove_prefix(end + 1)) {
    // Most lines are read where they stand; the scanner may look beyond their end.
    if (line_.empty() && chunk.size() - end >= static_cast<size_t>(JsonScanner::kPadding)) {
      MR_RETURN_IF_ERROR(TakeLine(chunk.substr(0, end)));
      continue;
    }
    line_.append(chunk.substr(0, end));
    MR_RETURN_IF_ERROR(TakeHeldLine());
  }
  line_.append(chunk);
  return CheckLength(line_.size(), line_number_ + 1);
}

Status MessageReading::CheckLength(size_t bytes, int64_t line_number) {
  if (static_cast<int64_t>(bytes) <= line_bytes_max_) return Status::Ok();
  return events_.Fault(line_number, fmt::format("it is longer than {} MB", line_bytes_max_ >> 20));
}

Status MessageReading::End(const std::optional<Error>& why) {
  cut_ = true;
  MR_RETURN_IF_ERROR(TakeHeldLine());
  for (auto& [stream, inlet] : inlets_) {
    MR_RETURN_IF_ERROR(inlet->Deliver());
    const bool told = any_status_ || why || inlet->failure;
    EndStream(
        *inlet,
        inlet->last_status.value_or(told ? StreamStatus::kIncomplete : StreamStatus::kComplete),
        why);
  }
  return Status::Ok();
}

void MessageReading::BreakOff(const Error& why) {
  for (auto& [stream, inlet] : inlets_) {
    EndStream(*inlet, inlet->last_status.value_or(StreamStatus::kIncomplete), why);
  }
}

/// The first reason stays.
void MessageReading::FailStream(const StreamDescriptor& stream, const Error& why) {
  const auto found = inlets_.find(stream);
  if (found == inlets_.end() || found->second->failure) return;
  found->second->failure = why;
}

/// The line that several chunks, or the last of one, brought.
Status MessageReading::TakeHeldLine() {
  line_.reserve(line_.size() + JsonScanner::kPadding + 1);
  const Status taken = TakeLine(line_);
  // One long line must not keep its memory.
  constexpr size_t kKeptBytes = 4 << 20;
  if (line_.capacity() > kKeptBytes) line_ = std::string();
  line_.clear();
  return taken;
}

Status MessageReading::TakeLine(std::string_view line) {
  ++line_number_;
  MR_RETURN_IF_ERROR(CheckLength(line.size(), line_number_));
  if (line.find_first_not_of(" \t\r") == std::string_view::npos) return Status::Ok();
  MessageEnvelope envelope;
  const char* const fault = ScanMessage(line, read_data_, &envelope);
  if (fault == nullptr && envelope.type == "RECORD") return TakeRecord(line, envelope);
  TakeBackData();
  if (fault != nullptr) return events_.TakeOtherLine(line, line_number_, fault, cut_);
  return TakeMessage(line, envelope.type);
}

Status MessageReading::TakeMessage(std::string_view line, const std::string& type) {
  ++messages_;
  const char* fault = nullptr;
  const Json message = ParseMessage(line, type, &fault);
  if (fault != nullptr) return events_.TakeOtherLine(line, line_number_, fault, cut_);
  if (type == "STATE") return TakeState(message);
  if (type == "TRACE") return TakeTrace(message);
  return events_.TakeMessage(type, message, line_number_);
}

Result<StreamInlet*> MessageReading::Find(const StreamDescriptor& stream) {
  const auto found = inlets_.find(stream);
  if (found != inlets_.end()) return found->second.get();
  return events_.Fault(line_number_, fmt::format("the stream {} is not in the configured catalog",
                                                 stream.ToString()));
}

/// Reads the data into the stream that the record is probably of: what comes later in the line may
/// show that it is another's.
const char* MessageReading::ReadRecordData(JsonScanner& scanner, const MessageEnvelope& envelope) {
  TakeBackData();  // the key stands here for the second time
  StreamInlet* inlet = latest_;
  if (envelope.stream && (latest_ == nullptr || latest_->stream().name != *envelope.stream)) {
    const auto found = inlets_.find({*envelope.stream, envelope.name_space});
    inlet = found == inlets_.end() ? nullptr : found->second.get();
  }
  if (inlet == nullptr) {
    std::string_view later;
    return scanner.SkipValue(&later) ? nullptr : scanner.error();
  }
  const char* const fault = inlet->AppendData(scanner);
  if (fault == nullptr) data_in_ = inlet;
  return fault;
}

void MessageReading::TakeBackData() {
  if (StreamInlet* const inlet = std::exchange(data_in_, nullptr)) inlet->TakeBackData();
}

Status MessageReading::TakeRecord(std::string_view line, const MessageEnvelope& envelope) {
  ++messages_;
  const auto size = static_cast<int64_t>(line.size());
  const bool is_text = FirstInvalidUtf8(line.data(), size) == size;
  StreamInlet* inlet = std::exchange(data_in_, nullptr);
  if (inlet == nullptr || !is_text || envelope.data.empty() ||
      inlet->stream().name != envelope.stream ||
      inlet->stream().name_space != envelope.name_space) {
    if (inlet != nullptr) inlet->TakeBackData();
    if (!envelope.stream) return events_.Fault(line_number_, "a record needs a stream");
    if (envelope.data.empty()) {
      return events_.Fault(line_number_, "a record needs an object \"data\"");
    }
    if (!is_text) return events_.Fault(line_number_, "the text is not UTF-8");
    MR_ASSIGN_OR_RETURN(inlet, Find({*envelope.stream, envelope.name_space}));
    JsonScanner again(envelope.data);  // which was seen to be whole: it goes no further
    if (const char* const fault = inlet->AppendData(again)) {
      return events_.Fault(line_number_, fault);
    }
  }
  if (inlet->last_status) {
    inlet->TakeBackData();
    return events_.Fault(line_number_, fmt::format("a record of the stream {}, which was said to "
                                                   "have ended",
                                                   inlet->stream().ToString()));
  }
  latest_ = inlet;
  held_bytes_ -= inlet->held_bytes();
  MR_RETURN_IF_ERROR(inlet->Append(envelope));
  held_bytes_ += inlet->held_bytes();
  if (held_bytes_ >= kHeldBytesMax) return DeliverAll();
  return inlet->full() ? Deliver(*inlet) : Status::Ok();
}

Status MessageReading::Deliver(StreamInlet& inlet) {
  held_bytes_ -= inlet.held_bytes();
  return inlet.Deliver();
}

Status MessageReading::DeliverAll() {
  for (auto& [stream, inlet] : inlets_) MR_RETURN_IF_ERROR(Deliver(*inlet));
  return Status::Ok();
}

/// A state covers what came before it: of its stream, or of all of them.
Status MessageReading::TakeState(const Json& message) {
  const Json fields = message.value("state", Json());
  if (!fields.is_object() || fields.empty()) {
    return events_.Fault(line_number_, "a state needs an object \"state\"");
  }
  auto state = StateMessageFromJson(fields);
  if (!state.ok()) return events_.Fault(line_number_, state.status().ToString());
  int64_t came = 0;
  if (state->type == StateMessage::Type::kStream) {
    MR_ASSIGN_OR_RETURN(StreamInlet* const inlet, Find(state->streams[0].first));
    came = inlet->TakeCount();
    MR_RETURN_IF_ERROR(Deliver(*inlet));
  } else {
    for (auto& [stream, inlet] : inlets_) came += inlet->TakeCount();
    MR_RETURN_IF_ERROR(DeliverAll());
  }
  if (const char* const fault = state_checks_.Take(*state, fields, came)) {
    return events_.Fault(line_number_, fault);
  }
  const Status saved = output_.Checkpoint(*std::move(state));
  return saved.code() == StatusCode::kStreamStopped ? Status::Ok() : saved;
}

Status MessageReading::TakeTrace(const Json& message) {
  const Json trace = message.value("trace", Json());
  const std::string type = trace.is_object() ? TextOf(trace, "type") : "";
  if (type == "STREAM_STATUS") return TakeStreamStatus(trace.value("stream_status", Json()));
  if (type == "ERROR") {
    Error error = ErrorOfTrace(trace.value("error", Json()));
    if (error.stream) FailStream(*error.stream, error);
    events_.TakeError(std::move(error));
    return Status::Ok();
  }
  if (type == "ESTIMATE") return TakeEstimate(trace.value("estimate", Json()));
  return events_.TakeMessage("TRACE", message, line_number_);
}

Status MessageReading::TakeStreamStatus(const Json& fields) {
  if (!fields.is_object()) {
    return events_.Fault(line_number_, "a STREAM_STATUS needs an object stream_status");
  }
  const auto stream = StreamDescriptorFromJson(fields.value("stream_descriptor", Json()));
  if (!stream.ok()) return events_.Fault(line_number_, stream.status().ToString());
  const auto status = StreamStatusFromString(TextOf(fields, "status"));
  if (!status.ok()) return events_.Fault(line_number_, status.status().ToString());
  any_status_ = true;
  if (*status != StreamStatus::kComplete && *status != StreamStatus::kIncomplete) {
    return Status::Ok();
  }
  MR_ASSIGN_OR_RETURN(StreamInlet* const inlet, Find(*stream));
  if (inlet->last_status) return Status::Ok();
  MR_RETURN_IF_ERROR(Deliver(*inlet));
  inlet->last_status = *status;
  // Why it is not complete may be told later.
  if (*status == StreamStatus::kComplete) output_.ReportStatus(*stream, *status);
  return Status::Ok();
}

/// Progress only: what makes no sense is passed over.
Status MessageReading::TakeEstimate(const Json& estimate) {
  if (!estimate.is_object() || TextOf(estimate, "type") != "STREAM") return Status::Ok();
  const auto stream = StreamDescriptorFromJson(estimate);
  if (!stream.ok() || !inlets_.contains(*stream)) return Status::Ok();
  output_.ReportEstimate(*stream, CountOf(estimate, "row_estimate"),
                         CountOf(estimate, "byte_estimate"));
  return Status::Ok();
}

void MessageReading::EndStream(StreamInlet& inlet, StreamStatus status,
                               const std::optional<Error>& why) {
  if (std::exchange(inlet.ended, true)) return;
  if (inlet.undeclared_values() > 0) {
    Log(LogLevel::kWarn,
        "stream {}: {} values of fields that its schema does not have were left out{}",
        inlet.stream().ToString(), inlet.undeclared_values(),
        keep_undeclared_ ? " (in objects)" : "; undeclared_fields: keep keeps those of records");
  }
  if (status == StreamStatus::kComplete) {
    if (!inlet.last_status) output_.ReportStatus(inlet.stream(), status);
    return;
  }
  any_incomplete_ = true;
  each_has_its_reason_ &= inlet.failure.has_value();
  Error error =
      inlet.failure ? *inlet.failure
      : why         ? *why
            : Error{FailureType::kTransientError, "the source did not complete this stream"};
  error.stream = inlet.stream();
  output_.ReportStatus(inlet.stream(), StreamStatus::kIncomplete, std::move(error));
}

}  // namespace millrace
