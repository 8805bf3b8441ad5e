#include "cli/kept_configs.h"

#include <nlohmann/json.hpp>

#include "base/file_io.h"
#include "base/uuid.h"
#include "clients/s3/sigv4.h"

namespace millrace {
namespace {

constexpr const char* kEnds[] = {"source", "destination"};
constexpr unsigned kMode = 0600;

/// What Millrace itself puts into a configuration for the connector (a low-code manifest) is none
/// of the connection file's value.
bool IsInjected(const std::string& field) { return field.starts_with("__injected_"); }

/// `config` with the injected fields of `current`.
Json WithInjected(const Json& config, const Json& current) {
  Json whole = Json::object();
  for (const auto& [field, value] : config.items()) {
    if (!IsInjected(field)) whole[field] = value;
  }
  for (const auto& [field, value] : current.items()) {
    if (IsInjected(field)) whole[field] = value;
  }
  return whole;
}

/// Salted: what is hashed may be as short as a password.
std::string HashOf(const std::string& salt, const Json& config) {
  const nlohmann::json own = WithInjected(config, Json::object());  // in the order of its names
  return Sha256Hex(salt + own.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

std::string TextAt(const Json& json, const char* name) {
  const Json value = json.value(name, Json());
  return value.is_string() ? value.get<std::string>() : "";
}

}  // namespace

std::filesystem::path KeptConfigs::PathOf(const std::string& end) const {
  return folder_ / (end + ".config.json");
}

Result<KeptConfigs> KeptConfigs::Load(const std::filesystem::path& folder) {
  KeptConfigs configs(folder);
  for (const std::string end : kEnds) {
    const std::filesystem::path path = configs.PathOf(end);
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) continue;
    MR_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
    const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    const Json config = json.is_object() ? json.value("config", Json()) : Json();
    if (!config.is_object()) {
      return ConfigError(
          "{} is damaged; it held what the {} made of its configuration (a new token, perhaps). "
          "Remove it to use the connection file's value",
          path.string(), end);
    }
    configs.kept_[end] = {TextAt(json, "salt"), TextAt(json, "hash"), config};
  }
  return configs;
}

void KeptConfigs::UseFor(const std::string& end, ConnectorConfig* connector) {
  of_files_[end] = connector->config;
  const auto kept = kept_.find(end);
  if (kept == kept_.end()) return;
  if (kept->second.hash != HashOf(kept->second.salt, *connector->config)) return;
  connector->config = WithInjected(*kept->second.config, *connector->config);
  if (!connector->program) return;
  connector->program->from_environment.clear();  // its types are right already
  connector->program->config_fits = true;
}

void KeptConfigs::Use(StartDocument* start) {
  if (start->source) UseFor("source", &*start->source);
  if (start->destination) UseFor("destination", &*start->destination);
}

Status KeptConfigs::Keep(const ConfigChange& change) {
  const auto of_file = of_files_.find(change.end);
  if (of_file == of_files_.end()) return SystemError("there is no {} in this run", change.end);
  Kept kept{RandomUuid(), "", WithInjected(*change.config, Json::object())};
  kept.hash = HashOf(kept.salt, *of_file->second);
  const Json json{{"salt", kept.salt}, {"hash", kept.hash}, {"config", *kept.config}};
  MR_RETURN_IF_ERROR(WriteFileAtomically(PathOf(change.end), json.dump(2) + "\n", kMode));
  kept_[change.end] = std::move(kept);
  return Status::Ok();
}

}  // namespace millrace
