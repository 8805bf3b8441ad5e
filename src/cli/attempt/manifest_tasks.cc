#include "cli/attempt/manifest_tasks.h"

#include <nlohmann/json.hpp>

#include "base/error_of.h"
#include "base/file_io.h"
#include "base/log.h"
#include "cli/attempt/manifest_output.h"
#include "cli/attempt/manifest_source.h"
#include "declarative/manifest/manifest_spec.h"
#include "declarative/slices/state_in.h"
#include "declarative/streams/declarative_engine.h"
#include "declarative/streams/declarative_source.h"
#include "protocol/message.h"

namespace millrace {
namespace {

WallTime Now() { return Clock::System().WallNow(); }

/// Nothing was begun: whose fault that is nobody can say yet, so the trace names no failure type.
int FailToStart(ProtocolOutput& output, const Status& status) {
  Json message = ErrorTraceMessage(ErrorOf(status), Now());
  message["trace"]["error"].erase("failure_type");
  output.WriteWords(message);
  return 1;
}

/// What the engine tells, as messages.
class MessageTeller final : public EngineMessages {
 public:
  MessageTeller(ProtocolOutput& output, ManifestOutput& records)
      : output_(output), records_(records) {}

  void Log(LogLevel level, std::string_view text) override { millrace::Log(level, "{}", text); }
  Status ConfigChanged(const PyValue& config) override {
    MR_ASSIGN_OR_RETURN(const Json changed, JsonOf(config));
    return output_.WriteConfig(changed);
  }
  void Failure(const Error& error) override { output_.WriteError(error); }
  void RateLimited(std::string_view stream) override { records_.RateLimited(stream); }

 private:
  ProtocolOutput& output_;
  ManifestOutput& records_;
};

int TellSpecification(const Manifest& manifest, ProtocolOutput& output) {
  const Result<PyValue> said = ManifestSpecification(manifest);
  if (!said.ok()) return output.Fail(said.status());
  const Result<Json> spec = JsonOf(*said);
  if (!spec.ok()) return output.Fail(spec.status());
  output.WriteMessage(Json{{"type", "SPEC"}, {"spec", *spec}});
  return 0;
}

int RunCheck(DeclarativeEngine& engine, ProtocolOutput& output) {
  const Status status = engine.Check({});
  if (!status.ok() && ErrorOf(status).type != FailureType::kConfigError) {
    return output.Fail(status);
  }
  output.WriteWords(ConnectionStatusMessage(status.ok(), status.ok() ? "" : status.ToString()));
  return 0;
}

int RunDiscover(DeclarativeEngine& engine, ProtocolOutput& output) {
  const Result<PyList> streams = engine.Discover({});
  if (!streams.ok()) return output.Fail(streams.status());
  const Result<Json> json = JsonOf(PyValue::List(*streams));
  if (!json.ok()) return output.Fail(json.status());
  output.WriteMessage(Json{{"type", "CATALOG"}, {"catalog", {{"streams", *json}}}});
  return 0;
}

int RunRead(const StartDocument& start, std::map<std::string, PyValue> states,
            DeclarativeEngine& engine, ManifestOutput& records, ProtocolOutput& output,
            AttemptStop& stop) {
  const auto read = DeclarativeReadOf(*start.catalog, std::move(states));
  if (!read.ok()) return output.Fail(read.status());
  const std::stop_callback on_finish(stop.finish_token(), [&stop] { stop.Cancel(); });
  const Result<std::string> failed = engine.Read(*read, records, stop.cancel_token());
  if (!failed.ok()) return output.Fail(failed.status());
  if (failed->empty()) return 0;
  return output.Fail(ConfigError("these streams did not sync: {}", *failed));
}

}  // namespace

int RunManifestTask(const StartDocument& start, ProtocolOutput& output, AttemptStop& stop) {
  Result<LoadedManifest> loaded = LoadManifestOf(*start.source->config);
  if (!loaded.ok()) return FailToStart(output, loaded.status());
  if (start.task == "connector spec") return TellSpecification(loaded->manifest, output);
  const Result<RuledConfig> ruled = ApplyConfigRules(*loaded);
  if (!ruled.ok()) return FailToStart(output, ruled.status());
  ManifestOutput records(output);
  MessageTeller messages(output, records);
  if (ruled->migrated) {
    const Status kept = KeepMigratedConfig(start.config_path, *ruled->migrated, messages);
    if (!kept.ok()) return FailToStart(output, kept);
  }
  auto states = StatesByStream(start.saved.state);
  if (!states.ok()) return FailToStart(output, states.status());
  const bool checks = start.task == "connector check";
  if (const Status fits = FitManifestConfig(loaded->manifest, ruled->effective); !fits.ok()) {
    if (!checks || ErrorOf(fits).type != FailureType::kConfigError) return output.Fail(fits);
    output.WriteWords(ConnectionStatusMessage(false, fits.ToString()));
    return 0;
  }
  const auto engine = DeclarativeEngine::Open(loaded->manifest, std::move(loaded->rules),
                                              ruled->effective, Clock::System(), messages);
  if (!engine.ok()) return FailToStart(output, engine.status());
  if (checks) return RunCheck(**engine, output);
  if (start.task == "connector discover") return RunDiscover(**engine, output);
  return RunRead(start, *std::move(states), **engine, records, output, stop);
}

}  // namespace millrace
