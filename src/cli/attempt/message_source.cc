#include "cli/attempt/message_source.h"

#include <simdjson.h>

#include <cstring>
#include <map>
#include <nlohmann/json.hpp>

#include "connector/json_schema.h"
#include "formats/json_batch_decoder.h"

namespace millrace {
namespace {

constexpr int64_t kBatchBytes = 4 << 20;
constexpr int64_t kBatchRows = 16384;
constexpr int64_t kReadBytes = 1 << 20;
constexpr size_t kLineBytesMax = 512 << 20;

/// One stream that messages may come for.
struct Inlet {
  std::unique_ptr<JsonBatchDecoder> decoder;
  bool stopped = false;  ///< its writing failed: its records are passed over
  bool ended = false;    ///< its status was reported
};

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
    line_.reserve(line_.size() + simdjson::SIMDJSON_PADDING);
    simdjson::ondemand::document document;
    std::string_view type;
    if (parser_.iterate(line_).get(document) != simdjson::SUCCESS ||
        document["type"].get_string().get(type) != simdjson::SUCCESS) {
      return ConfigError("this is not a message of the Airbyte Protocol");
    }
    if (type == "RECORD") return TakeRecord(document);
    if (type != "STATE" && type != "TRACE") return Status::Ok();
    const Json message = Json::parse(line_, nullptr, /*allow_exceptions=*/false);
    if (message.is_discarded()) return ConfigError("this is not JSON");
    return type == "STATE" ? TakeState(message) : TakeTrace(message);
  }

  Result<Inlet*> Find(const StreamDescriptor& stream) {
    const auto found = inlets_.find(stream);
    if (found != inlets_.end()) return &found->second;
    return ConfigError("the stream {} is not in the configured catalog", stream.ToString());
  }

  Status TakeRecord(simdjson::ondemand::document& document) {
    simdjson::ondemand::object record;
    std::string_view name, name_space, data;
    if (document["record"].get_object().get(record) != simdjson::SUCCESS ||
        record["stream"].get_string().get(name) != simdjson::SUCCESS) {
      return ConfigError("a record needs a stream");
    }
    StreamDescriptor stream{std::string(name), std::nullopt};
    if (record["namespace"].get_string().get(name_space) == simdjson::SUCCESS) {
      stream.name_space = std::string(name_space);
    }
    MR_ASSIGN_OR_RETURN(Inlet* const inlet, Find(stream));
    if (inlet->stopped) return Status::Ok();
    simdjson::ondemand::object fields;
    if (record["data"].get_object().get(fields) != simdjson::SUCCESS ||
        fields.raw_json().get(data) != simdjson::SUCCESS) {
      return ConfigError("a record needs an object \"data\"");
    }
    MR_RETURN_IF_ERROR(inlet->decoder->Append(data));
    TakeChanges(record, *inlet->decoder);
    const JsonBatchDecoder& decoder = *inlet->decoder;
    const bool full = decoder.rows() >= kBatchRows ||
                      (decoder.rows() % 64 == 0 && decoder.bytes() >= kBatchBytes);
    return full ? Deliver(stream, *inlet) : Status::Ok();
  }

  /// Changes that the source reports itself, about the row appended last.
  static void TakeChanges(simdjson::ondemand::object& record, JsonBatchDecoder& decoder) {
    simdjson::ondemand::array changes;
    if (record["meta"]["changes"].get_array().get(changes) != simdjson::SUCCESS) return;
    for (auto change : changes) {
      std::string_view field, kind, reason;
      if (change["field"].get_string().get(field) != simdjson::SUCCESS) return;
      FieldChange taken;
      taken.field = field;
      if (change["change"].get_string().get(kind) == simdjson::SUCCESS) taken.change = kind;
      if (change["reason"].get_string().get(reason) == simdjson::SUCCESS) taken.reason = reason;
      decoder.AddChange(std::move(taken));
    }
  }

  Status Deliver(const StreamDescriptor& stream, Inlet& inlet) {
    if (inlet.stopped || inlet.decoder->rows() == 0) return Status::Ok();
    MR_ASSIGN_OR_RETURN(ChangeBatch batch, inlet.decoder->Finish());
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
    const Json fields = trace.value("stream_status", Json::object());
    MR_ASSIGN_OR_RETURN(const auto stream,
                        StreamDescriptorFromJson(fields.value("stream_descriptor", Json())));
    MR_ASSIGN_OR_RETURN(const StreamStatus status,
                        StreamStatusFromString(fields.value("status", "")));
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
  simdjson::ondemand::parser parser_;
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
