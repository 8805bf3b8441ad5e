#include "cli/attempt/manifest_source.h"

#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/file_io.h"
#include "base/json_parsing.h"
#include "base/log.h"
#include "catalogue/config_validation.h"
#include "declarative/jinja/py_json.h"
#include "declarative/streams/declarative_source.h"

namespace millrace {
namespace {

constexpr std::string_view kManifestKey = "__injected_declarative_manifest";

Result<PyValue> PyValueOf(const Json& json) {
  return ParsePyJson(json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

/// The text of a YAML file, or what one says as JSON.
Result<Manifest> ReadManifestIn(const Json& value) {
  if (value.is_string()) {
    return LoadManifest(std::string_view(value.get_ref<const std::string&>()));
  }
  MR_ASSIGN_OR_RETURN(const PyValue tree, PyValueOf(value));
  return LoadManifestValue(tree);
}

/// What the engine of a sync tells: log lines, and configurations to keep.
class SyncMessages final : public EngineMessages {
 public:
  /// `given`: the configuration as it came, manifest included.
  SyncMessages(Json given, KeepConfig keep) : config_(std::move(given)), keep_(std::move(keep)) {}

  void Log(LogLevel level, std::string_view text) override { millrace::Log(level, "{}", text); }
  Status ConfigChanged(const PyValue& config) override {
    MR_ASSIGN_OR_RETURN(Json changed, JsonOf(config));
    const std::lock_guard lock(mutex_);
    const Json& before = *config_;
    if (const auto manifest = before.find(kManifestKey); manifest != before.end()) {
      changed[std::string(kManifestKey)] = *manifest;
    }
    if (before == changed || !keep_) return Status::Ok();
    const JsonValue was = std::exchange(config_, JsonValue(changed));
    return keep_({"source", was, JsonValue(std::move(changed))});
  }
  void RateLimited(std::string_view stream) override {
    millrace::Log(LogLevel::kInfo, "{}: the API asks for a slower pace", stream);
  }

 private:
  std::mutex mutex_;
  JsonValue config_;  // guarded by mutex_
  const KeepConfig keep_;
};

}  // namespace

Result<Json> JsonOf(const PyValue& value) {
  std::string text;
  MR_RETURN_IF_ERROR(AppendPyJson(value, kCompactPyJson, &text));
  Json json = ParseJson(text);
  if (json.is_discarded()) return SystemError("a value that JSON can't hold, or nested too deeply");
  return json;
}

Result<LoadedManifest> LoadManifestOf(const Json& config) {
  const auto found = config.find(kManifestKey);
  if (found == config.end()) {
    return ConfigError(
        "there is no manifest: name its file with --manifest-path, or put it into "
        "the configuration as {}",
        kManifestKey);
  }
  Json rest = config;
  rest.erase(std::string(kManifestKey));
  MR_ASSIGN_OR_RETURN(PyValue user_config, PyValueOf(rest));
  auto manifest = ReadManifestIn(*found);
  if (!manifest.ok()) return manifest.status().WithContext("reading the manifest");
  MR_ASSIGN_OR_RETURN(ConfigRules rules, ConfigRules::Make(*manifest));
  return LoadedManifest{*std::move(manifest), std::move(rules), std::move(user_config)};
}

Result<RuledConfig> ApplyConfigRules(const LoadedManifest& loaded) {
  RuledConfig ruled;
  ruled.effective = loaded.config;
  if (loaded.config.dict().empty()) return ruled;
  MR_ASSIGN_OR_RETURN(const ConfigRules::Migrated migrated,
                      loaded.rules.Migrate(loaded.config, Clock::System()));
  if (migrated.changed) ruled.migrated = migrated.config.DeepCopy();
  ruled.effective = migrated.config;
  MR_RETURN_IF_ERROR(loaded.rules.Transform(ruled.effective, Clock::System()));
  return ruled;
}

Status FitManifestConfig(const Manifest& manifest, const PyValue& config) {
  const PyValue* spec = manifest.tree().Find("spec");
  const PyValue* schema = spec == nullptr ? nullptr : spec->Find("connection_specification");
  if (schema == nullptr || !schema->is_dict()) return Status::Ok();
  MR_ASSIGN_OR_RETURN(const Json specification, JsonOf(*schema));
  MR_ASSIGN_OR_RETURN(Json given, JsonOf(config));
  return CheckConfig(specification, "config", {}, &given).status();
}

Status KeepMigratedConfig(const std::string& path, const PyValue& config,
                          EngineMessages& messages) {
  if (!path.empty()) {
    std::string text;
    MR_RETURN_IF_ERROR(AppendPyJson(config, PyJsonStyle{}, &text));
    const Status written = WriteFileAtomically(path, text);
    if (!written.ok()) return written.WithContext("writing the migrated configuration");
  }
  return messages.ConfigChanged(config);
}

Result<std::unique_ptr<Source>> MakeManifestSource(const Json& config,
                                                   const KeepConfig& keep_config) {
  MR_ASSIGN_OR_RETURN(LoadedManifest loaded, LoadManifestOf(config));
  auto messages = std::make_unique<SyncMessages>(config, keep_config);
  MR_ASSIGN_OR_RETURN(const RuledConfig ruled, ApplyConfigRules(loaded));
  if (ruled.migrated) MR_RETURN_IF_ERROR(messages->ConfigChanged(*ruled.migrated));
  MR_RETURN_IF_ERROR(FitManifestConfig(loaded.manifest, ruled.effective));
  MR_ASSIGN_OR_RETURN(auto engine,
                      DeclarativeEngine::Open(std::move(loaded.manifest), std::move(loaded.rules),
                                              ruled.effective, Clock::System(), *messages));
  return std::make_unique<DeclarativeSource>(std::move(messages), std::move(engine),
                                             /*keep_undeclared=*/false);
}

}  // namespace millrace
