#include "external/external_source.h"

#include <nlohmann/json.hpp>

#include "base/log.h"
#include "external/message_reading.h"
#include "external/trace_error.h"

namespace millrace {
namespace {

/// Records may be large; a line beyond this is no record that a destination could take.
constexpr int64_t kLineBytesMax = 64 << 20;
/// An answer to spec, check or discover takes a network's time, not a night's.
constexpr std::chrono::minutes kAnswerStall(10);

/// Takes nothing: spec, check and discover have no records.
class NoOutput : public SourceOutput {
 public:
  Status Open(const StreamDescriptor&, const SchemaPtr&) override { return Status::Ok(); }
  Status Emit(const StreamDescriptor&, ChangeBatch, Deadline) override { return Status::Ok(); }
  Status Truncate(const StreamDescriptor&) override { return Status::Ok(); }
  Status Checkpoint(StateMessage) override { return Status::Ok(); }
  void ReportStatus(const StreamDescriptor&, StreamStatus, std::optional<Error>) override {}
  void ReportEstimate(const StreamDescriptor&, std::optional<int64_t>,
                      std::optional<int64_t>) override {}
};

/// The state file: what Airbyte's platform writes, which gives LEGACY state back as it was.
JsonValue StateFile(const State& state) {
  if (state.legacy()) return *state.legacy();
  return JsonValue(ToJson(state));
}

Error ErrorOf(const Status& status) {
  return status.failed() ? status.error()
                         : Error{FailureType::kSystemError, status.ToString(), {}, {}};
}

}  // namespace

ConnectorWords::KeepConfig ExternalSource::ConfigKeeper() {
  return [this](const Json& config) {
    config_ = JsonValue(config);
    if (connector_.keep_config) return connector_.keep_config(config);
    Log(LogLevel::kWarn,
        "the connector changed its configuration (a new token, perhaps); it is not kept beyond "
        "this run");
    return Status::Ok();
  };
}

/// Runs a task that has one answer, of that type and below that key.
Result<JsonValue> ExternalSource::Ask(const std::string& task, const std::string& answer,
                                      const char* key, const std::vector<ConnectorFile>& files) {
  ConnectorCommand command = connector_.command;
  command.stall = std::min<std::chrono::milliseconds>(command.stall, kAnswerStall);
  MR_ASSIGN_OR_RETURN(const auto run, ConnectorRun::Start(command, task, files));
  ConnectorWords words(ConfigKeeper());
  NoOutput output;
  MessageReading reading(output, words, kLineBytesMax);
  Status read = run->Read([&](std::string_view chunk) { return reading.Take(chunk); }, {});
  if (read.ok()) read = reading.End(std::nullopt);
  if (!read.ok()) {
    return Status::Failed(words.WithLastWords(ErrorOf(read), run->exit())).WithContext(task);
  }
  const Json* const message = words.Answer(answer);
  // An answer counts although the program failed afterwards, unless it told an error.
  if (message == nullptr || words.error()) {
    return Status::Failed(words.FailureOf(run->exit())).WithContext(task);
  }
  const Json value = message->value(key, Json());
  if (!value.is_object()) return SystemError("{}: {} holds no object \"{}\"", task, answer, key);
  return JsonValue(value);
}

Status ExternalSource::Prepare() {
  if (prepared_) return Status::Ok();
  MR_ASSIGN_OR_RETURN(const JsonValue spec, Ask("spec", "SPEC", "spec", {}));
  const Json specification = spec->value("connectionSpecification", Json());
  if (!specification.is_object()) {
    return SystemError("spec: the specification has no object connectionSpecification");
  }
  Json config = *config_;
  MR_RETURN_IF_ERROR(connector_.fit_config(specification, &config));
  config_ = JsonValue(std::move(config));
  prepared_ = true;
  return Status::Ok();
}

Status ExternalSource::Check() {
  MR_RETURN_IF_ERROR(Prepare());
  MR_ASSIGN_OR_RETURN(const JsonValue answer, Ask("check", "CONNECTION_STATUS", "connectionStatus",
                                                  {{"--config", config_}}));
  if (answer->value("status", Json()) == Json("SUCCEEDED")) return Status::Ok();
  const Json why = answer->value("message", Json());
  return ConfigError("{}", why.is_string() ? WordsOf(why.get<std::string>())
                                           : "the connector's check failed; it did not say why");
}

Result<Catalog> ExternalSource::Discover() {
  MR_RETURN_IF_ERROR(Prepare());
  MR_ASSIGN_OR_RETURN(const JsonValue answer,
                      Ask("discover", "CATALOG", "catalog", {{"--config", config_}}));
  auto catalog = CatalogFromJson(*answer);
  if (catalog.ok()) return catalog;
  return SystemError("discover: {}", catalog.status().ToString());
}

Status ExternalSource::Read(const ConfiguredCatalog& catalog, const State& resume_from,
                            SourceOutput& output, std::stop_token stop) {
  MR_RETURN_IF_ERROR(Prepare());
  std::vector<ConnectorFile> files = {{"--config", config_},
                                      {"--catalog", JsonValue(ToJson(catalog))}};
  if (!resume_from.empty()) files.push_back({"--state", StateFile(resume_from)});
  MR_ASSIGN_OR_RETURN(const auto run, ConnectorRun::Start(connector_.command, "read", files));
  ConnectorWords words(ConfigKeeper());
  MessageReading reading(output, words, kLineBytesMax);
  MR_RETURN_IF_ERROR(reading.Open(catalog));
  Status read = run->Read([&](std::string_view chunk) { return reading.Take(chunk); }, stop);
  if (read.canceled()) return read;

  std::optional<Error> failure;
  if (!read.ok()) {
    failure = words.WithLastWords(ErrorOf(read), run->exit());
  } else if (!run->exit().clean() || words.error() || reading.messages() == 0) {
    failure = words.FailureOf(run->exit());
  }
  if (!read.ok() || !run->exit().clean()) {
    reading.BreakOff(*failure);
  } else {
    read = reading.End(failure);
    if (!read.ok()) {
      failure = words.WithLastWords(ErrorOf(read), run->exit());
      reading.BreakOff(*failure);
    }
  }
  if (!failure) return Status::Ok();
  const bool only_some = reading.any_incomplete() && reading.each_has_its_reason();
  if (read.ok() && only_some) return Status::Ok();
  return Status::Failed(*failure);
}

}  // namespace millrace
