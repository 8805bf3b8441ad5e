#include "cli/attempt/message_source.h"

#include <arrow/array.h>
#include <arrow/array/builder_primitive.h>

#include <charconv>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "connector/arrow_status.h"
#include "connector/json_schema.h"
#include "formats/json_batch_decoder.h"
#include "formats/json_scanner.h"

namespace millrace {
namespace {

constexpr int64_t kBatchBytes = 4 << 20;
constexpr int64_t kBatchRows = 16384;
constexpr int64_t kReadBytes = 1 << 20;
constexpr size_t kLineBytesMax = 512 << 20;

/// One stream that messages may come for.
struct Inlet {
  std::unique_ptr<JsonBatchDecoder> decoder;
  arrow::Int64Builder emitted_at;  ///< of the decoder's rows
  bool stopped = false;            ///< its writing failed: its records are passed over
  bool ended = false;              ///< its status was reported
};

/// What of a message is needed, without a tree of the rest: records come by the million.
struct Envelope {
  std::string type;
  std::optional<std::string> stream, name_space;  // of a record
  std::string_view data, meta, emitted_at;        // of a record, as JSON
};

bool ReadText(JsonScanner& scanner, std::string* out) {
  JsonScanner::Text text;
  if (!scanner.ReadString(&text)) return false;
  if (!text.escaped) {
    *out = text.raw;
    return true;
  }
  return Unescape(text.raw, out);
}

/// Reads the members of an object; `read` takes the value of each key.
template <typename ReadMember>
bool ReadObject(JsonScanner& scanner, const ReadMember& read) {
  if (scanner.Peek() != JsonScanner::Kind::kObject) return false;
  scanner.Enter();
  for (;;) {
    JsonScanner::Text key;
    bool done = false;
    if (!scanner.NextMember(&key, &done)) return false;
    if (done) return true;
    if (!read(key.raw)) return false;
  }
}

/// What is wrong with the line; null when it is a message.
const char* ScanEnvelope(std::string_view line, Envelope* envelope) {
  JsonScanner scanner(line);
  std::string_view skipped;
  const auto read_record = [&](std::string_view key) {
    const bool text = scanner.Peek() == JsonScanner::Kind::kString;
    if (key == "stream" && text) return ReadText(scanner, &envelope->stream.emplace());
    if (key == "namespace" && text) return ReadText(scanner, &envelope->name_space.emplace());
    if (key == "data") return scanner.SkipValue(&envelope->data);
    if (key == "meta") return scanner.SkipValue(&envelope->meta);
    if (key == "emitted_at") return scanner.SkipValue(&envelope->emitted_at);
    return scanner.SkipValue(&skipped);
  };
  const auto read_message = [&](std::string_view key) {
    const JsonScanner::Kind kind = scanner.Peek();
    if (key == "type" && kind == JsonScanner::Kind::kString) {
      return ReadText(scanner, &envelope->type);
    }
    if (key == "record" && kind == JsonScanner::Kind::kObject) {
      return ReadObject(scanner, read_record);
    }
    return scanner.SkipValue(&skipped);
  };
  if (!ReadObject(scanner, read_message) || !scanner.AtEnd()) {
    return *scanner.error() != '\0' ? scanner.error() : "it must be a JSON object";
  }
  return envelope->type.empty() ? "it has no type" : nullptr;
}

/// A record's `emitted_at`, if it is a time that a date can be made of (before the year 10000).
std::optional<int64_t> MillisOf(std::string_view json) {
  constexpr double kMillisMax = 253'402'300'799'999;
  double millis = 0;
  const auto [end, error] = std::from_chars(json.data(), json.data() + json.size(), millis);
  if (json.empty() || error != std::errc() || std::abs(millis) > kMillisMax) return std::nullopt;
  return static_cast<int64_t>(millis);
}

/// One reading of the input.
class MessageReading {
 public:
  MessageReading(ByteReader& input, SourceOutput& output, std::stop_token stop)
      : input_(input), output_(output), stop_(stop) {}

  Status Run(const ConfiguredCatalog& catalog) {
    for (const ConfiguredStream& stream : catalog.streams) {
      MR_RETURN_IF_ERROR(OpenStream(stream));
    }
    MR_RETURN_IF_ERROR(ReadLines());
    for (auto& [stream, inlet] : inlets_) {
      if (inlet.ended) continue;
      MR_RETURN_IF_ERROR(Deliver(stream, inlet));
      if (any_status_) {
        End(stream, inlet, StreamStatus::kIncomplete);
      } else {
        End(stream, inlet, StreamStatus::kComplete);
      }
    }
    return Status::Ok();
  }

 private:
  Status OpenStream(const ConfiguredStream& stream) {
    Inlet& inlet = inlets_[stream.descriptor()];
    const SchemaPtr schema = ArrowSchemaOf(*stream.stream.json_schema);
    MR_ASSIGN_OR_RETURN(inlet.decoder, JsonBatchDecoder::Make(schema));
    output_.ReportStatus(stream.descriptor(), StreamStatus::kStarted);
    return Passable(output_.Open(stream.descriptor(), schema), &inlet);
  }

  /// A stream that was given up is no reason to stop.
  static Status Passable(const Status& status, Inlet* inlet) {
    if (status.code() != StatusCode::kStreamStopped) return status;
    inlet->stopped = true;
    return Status::Ok();
  }

  Status ReadLines() {
    std::string chunk(kReadBytes, '\0');
    for (;;) {
      if (stop_.stop_requested()) return Status::Canceled();
      MR_ASSIGN_OR_RETURN(const int64_t got, input_.Read(chunk.data(), kReadBytes));
      if (got == 0) break;
      std::string_view rest(chunk.data(), static_cast<size_t>(got));
      for (size_t end; (end = rest.find('\n')) != std::string_view::npos;
           rest.remove_prefix(end + 1)) {
        line_.append(rest.substr(0, end));
        MR_RETURN_IF_ERROR(TakeLine());
      }
      line_.append(rest);
      if (line_.size() > kLineBytesMax) {
        return ConfigError("line {} of the input is longer than 512 MB", line_number_ + 1);
      }
    }
    return TakeLine();
  }

  Status TakeLine() {
    ++line_number_;
    if (line_.find_first_not_of(" \t\r") != std::string::npos) {
      const Status taken = TakeMessage();
      if (!taken.ok()) return taken.WithContext(fmt::format("line {} of the input", line_number_));
    }
    line_.clear();
    return Status::Ok();
  }

  Status TakeMessage() {
    line_.reserve(line_.size() + JsonScanner::kPadding + 1);
    Envelope envelope;
    if (const char* fault = ScanEnvelope(line_, &envelope)) {
      return ConfigError("this is not a message of the Airbyte Protocol: {}", fault);
    }
    if (envelope.type == "RECORD") return TakeRecord(envelope);
    if (envelope.type != "STATE" && envelope.type != "TRACE") return Status::Ok();
    const Json message = Json::parse(line_, nullptr, /*allow_exceptions=*/false);
    if (message.is_discarded()) return ConfigError("this is not JSON");
    return envelope.type == "STATE" ? TakeState(message) : TakeTrace(message);
  }

  Result<Inlet*> Find(const StreamDescriptor& stream) {
    const auto found = inlets_.find(stream);
    if (found != inlets_.end()) return &found->second;
    return ConfigError("the stream {} is not in the configured catalog", stream.ToString());
  }

  Status TakeRecord(const Envelope& envelope) {
    if (!envelope.stream) return ConfigError("a record needs a stream");
    if (!envelope.data.starts_with('{')) return ConfigError("a record needs an object \"data\"");
    const StreamDescriptor stream{*envelope.stream, envelope.name_space};
    MR_ASSIGN_OR_RETURN(Inlet* const inlet, Find(stream));
    if (inlet->stopped) return Status::Ok();
    JsonBatchDecoder& decoder = *inlet->decoder;
    MR_RETURN_IF_ERROR(decoder.Append(envelope.data));
    const auto millis = MillisOf(envelope.emitted_at);
    MR_ARROW_RETURN_IF_ERROR(
        millis ? inlet->emitted_at.Append(*millis) : inlet->emitted_at.AppendNull(),
        "reading records");
    if (!envelope.meta.empty()) TakeChanges(envelope.meta, decoder);
    const bool full = decoder.rows() >= kBatchRows ||
                      (decoder.rows() % 64 == 0 && decoder.bytes() >= kBatchBytes);
    return full ? Deliver(stream, *inlet) : Status::Ok();
  }

  /// Changes that the source reports itself, about the row appended last.
  static void TakeChanges(std::string_view meta, JsonBatchDecoder& decoder) {
    const Json json = Json::parse(meta, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object() || !json.contains("changes")) return;
    for (const Json& change : json["changes"]) {
      if (!change.is_object() || !change.value("field", Json()).is_string()) continue;
      FieldChange taken;
      taken.field = change["field"].get<std::string>();
      const Json kind = change.value("change", Json()), reason = change.value("reason", Json());
      if (kind.is_string()) taken.change = kind.get<std::string>();
      if (reason.is_string()) taken.reason = reason.get<std::string>();
      decoder.AddChange(std::move(taken));
    }
  }

  Status Deliver(const StreamDescriptor& stream, Inlet& inlet) {
    if (inlet.stopped || inlet.decoder->rows() == 0) return Status::Ok();
    MR_ASSIGN_OR_RETURN(ChangeBatch batch, inlet.decoder->Finish());
    MR_ARROW_RETURN_IF_ERROR(inlet.emitted_at.Finish(&batch.extracted_at), "reading records");
    return Passable(output_.Emit(stream, std::move(batch), Deadline::Never()), &inlet);
  }

  /// A state covers what came before it: of its stream, or of all of them.
  Status TakeState(const Json& message) {
    MR_ASSIGN_OR_RETURN(StateMessage state,
                        StateMessageFromJson(message.value("state", Json::object())));
    for (auto& [stream, inlet] : inlets_) MR_RETURN_IF_ERROR(Deliver(stream, inlet));
    return output_.Checkpoint(std::move(state));
  }

  Status TakeTrace(const Json& message) {
    const Json trace = message.value("trace", Json::object());
    if (!trace.is_object() || trace.value("type", Json()) != Json("STREAM_STATUS")) {
      return Status::Ok();
    }
    const Json fields = trace.value("stream_status", Json());
    if (!fields.is_object()) return ConfigError("a STREAM_STATUS needs an object stream_status");
    MR_ASSIGN_OR_RETURN(const auto stream,
                        StreamDescriptorFromJson(fields.value("stream_descriptor", Json())));
    const Json name = fields.value("status", Json());
    MR_ASSIGN_OR_RETURN(const StreamStatus status,
                        StreamStatusFromString(name.is_string() ? name.get<std::string>() : ""));
    any_status_ = true;
    if (status != StreamStatus::kComplete && status != StreamStatus::kIncomplete) {
      return Status::Ok();
    }
    MR_ASSIGN_OR_RETURN(Inlet* const inlet, Find(stream));
    if (inlet->ended) return Status::Ok();
    MR_RETURN_IF_ERROR(Deliver(stream, *inlet));
    End(stream, *inlet, status);
    return Status::Ok();
  }

  void End(const StreamDescriptor& stream, Inlet& inlet, StreamStatus status) {
    inlet.ended = true;
    if (status == StreamStatus::kComplete) {
      output_.ReportStatus(stream, status);
      return;
    }
    Error error{
        FailureType::kTransientError, "the source did not complete this stream", {}, stream};
    output_.ReportStatus(stream, status, std::move(error));
  }

  ByteReader& input_;
  SourceOutput& output_;
  const std::stop_token stop_;
  std::map<StreamDescriptor, Inlet> inlets_;
  std::string line_;
  int64_t line_number_ = 0;
  bool any_status_ = false;
};

}  // namespace

Result<Catalog> MessageSource::Discover() {
  return SystemError("protocol messages can't be discovered");
}

Status MessageSource::Read(const ConfiguredCatalog& catalog, const State&, SourceOutput& output,
                           std::stop_token stop) {
  return MessageReading(*input_, output, stop).Run(catalog);
}

}  // namespace millrace
