#include "external/message_reading.h"

#include <nlohmann/json.hpp>

#include "base/log.h"
#include "external/trace_error.h"
#include "formats/json_scanner.h"
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

}  // namespace

Status MessageReading::Open(const ConfiguredCatalog& catalog) {
  for (const ConfiguredStream& stream : catalog.streams) {
    MR_ASSIGN_OR_RETURN(inlets_[stream.descriptor()], StreamInlet::Open(stream, output_));
  }
  return Status::Ok();
}

Status MessageReading::Take(std::string_view chunk) {
  for (size_t end; (end = chunk.find('\n')) != std::string_view::npos;
       chunk.remove_prefix(end + 1)) {
    line_.append(chunk.substr(0, end));
    MR_RETURN_IF_ERROR(TakeLine());
  }
  line_.append(chunk);
  if (static_cast<int64_t>(line_.size()) <= line_bytes_max_) return Status::Ok();
  return events_.Fault(line_number_ + 1,
                       fmt::format("it is longer than {} MB", line_bytes_max_ >> 20));
}

Status MessageReading::End(const std::optional<Error>& why) {
  MR_RETURN_IF_ERROR(TakeLine());
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

Status MessageReading::TakeLine() {
  ++line_number_;
  Status taken;
  if (line_.find_first_not_of(" \t\r") != std::string::npos) taken = TakeMessage();
  // One long line must not keep its memory.
  constexpr size_t kKeptBytes = 4 << 20;
  if (line_.capacity() > kKeptBytes) line_ = std::string();
  line_.clear();
  return taken;
}

Status MessageReading::TakeMessage() {
  line_.reserve(line_.size() + JsonScanner::kPadding + 1);
  MessageEnvelope envelope;
  if (const char* fault = ScanMessage(line_, &envelope)) {
    return events_.TakeOtherLine(line_, line_number_, fault);
  }
  ++messages_;
  if (envelope.type == "RECORD") return TakeRecord(envelope);
  const Json message = Json::parse(line_, nullptr, /*allow_exceptions=*/false);
  if (message.is_discarded()) return events_.TakeOtherLine(line_, line_number_, "it is not JSON");
  if (envelope.type == "STATE") return TakeState(message);
  if (envelope.type == "TRACE") return TakeTrace(message);
  return events_.TakeMessage(envelope.type, message);
}

Result<StreamInlet*> MessageReading::Find(const StreamDescriptor& stream) {
  const auto found = inlets_.find(stream);
  if (found != inlets_.end()) return found->second.get();
  return events_.Fault(line_number_, fmt::format("the stream {} is not in the configured catalog",
                                                 stream.ToString()));
}

Status MessageReading::TakeRecord(const MessageEnvelope& envelope) {
  if (!envelope.stream) return events_.Fault(line_number_, "a record needs a stream");
  if (!envelope.data.starts_with('{')) {
    return events_.Fault(line_number_, "a record needs an object \"data\"");
  }
  MR_ASSIGN_OR_RETURN(StreamInlet* const inlet, Find({*envelope.stream, envelope.name_space}));
  if (const Status appended = inlet->Append(envelope); !appended.ok()) {
    return events_.Fault(line_number_, appended.ToString());
  }
  return inlet->full() ? inlet->Deliver() : Status::Ok();
}

/// A state covers what came before it: of its stream, or of all of them.
Status MessageReading::TakeState(const Json& message) {
  auto state = StateMessageFromJson(message.value("state", Json::object()));
  if (!state.ok()) return events_.Fault(line_number_, state.status().ToString());
  if (state->type == StateMessage::Type::kStream) {
    MR_RETURN_IF_ERROR(Find(state->streams[0].first).status());
  }
  for (auto& [stream, inlet] : inlets_) MR_RETURN_IF_ERROR(inlet->Deliver());
  return output_.Checkpoint(*std::move(state));
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
  return events_.TakeMessage("TRACE", message);
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
  MR_RETURN_IF_ERROR(inlet->Deliver());
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
        "stream {}: {} values of fields that its schema does not have were left out",
        inlet.stream().ToString(), inlet.undeclared_values());
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
