#include "sources/postgres/postgres_config.h"

#include <charconv>
#include <nlohmann/json.hpp>

#include "base/secrets.h"
#include "clients/postgres/jdbc_params.h"
#include "clients/ssh/ssh_tunnel.h"
#include "clients/ssh/tunnel_config.h"

namespace millrace {
namespace {

constexpr const char* kSecretFields[] = {"password", "ca_certificate", "client_certificate",
                                         "client_key", "client_key_password"};

Result<std::string> TextField(const Json& json, const char* name, bool required) {
  const auto found = json.find(name);
  if (found == json.end() || found->is_null()) {
    if (!required) return std::string();
    return ConfigError("source-postgres: \"{}\" is missing", name);
  }
  if (!found->is_string()) return ConfigError("source-postgres: \"{}\" must be a string", name);
  std::string text = found->get<std::string>();
  if (required && text.empty()) return ConfigError("source-postgres: \"{}\" is empty", name);
  if (text.find('\0') != std::string::npos) {
    return ConfigError("source-postgres: \"{}\" holds a zero byte", name);
  }
  return text;
}

Result<int64_t> IntegerField(const Json& json, const char* name, int64_t value_default,
                             int64_t least, int64_t most) {
  const auto found = json.find(name);
  if (found == json.end() || found->is_null()) return value_default;
  if (!found->is_number_integer() || *found < least || *found > most) {
    return ConfigError("source-postgres: \"{}\" must be a whole number from {} to {}", name, least,
                       most);
  }
  return found->get<int64_t>();
}

Result<bool> BoolField(const Json& json, const char* name, bool value_default) {
  const auto found = json.find(name);
  if (found == json.end() || found->is_null()) return value_default;
  if (!found->is_boolean()) {
    return ConfigError("source-postgres: \"{}\" must be true or false", name);
  }
  return found->get<bool>();
}

/// The discriminator of one of the oneOf objects; `missing` when the object is not there.
Result<std::string> ModeOf(const Json& json, const char* object, const char* field,
                           std::string missing) {
  const auto found = json.find(object);
  if (found == json.end() || found->is_null()) return missing;
  if (!found->is_object()) return ConfigError("source-postgres: \"{}\" must be an object", object);
  auto mode = TextField(*found, field, /*required=*/true);
  if (!mode.ok()) return mode.status().WithContext(object);
  return mode;
}

Status ReadMethod(const Json& json, ReplicationMethod* replication) {
  MR_ASSIGN_OR_RETURN(const std::string method,
                      ModeOf(json, "replication_method", "method", "Standard"));
  if (method == "CDC") {
    return ConfigError(
        "source-postgres: replication_method \"CDC\" comes later: use {{\"method\": \"Xmin\"}} or "
        "{{\"method\": \"Standard\"}}");
  }
  if (method != "Standard" && method != "Xmin") {
    return ConfigError(
        "source-postgres: replication_method \"{}\" is not known: use Standard or Xmin", method);
  }
  *replication = method == "Xmin" ? ReplicationMethod::kXmin : ReplicationMethod::kStandard;
  MR_ASSIGN_OR_RETURN(const bool entra, BoolField(json, "entra_service_principal_auth", false));
  if (entra) return ConfigError("source-postgres: entra_service_principal_auth comes later");
  return Status::Ok();
}

Status ReadSslMode(const Json& json, PgOptions* options) {
  // Configurations from before ssl_mode have a boolean.
  std::string missing = "prefer";
  if (json.contains("ssl")) {
    MR_ASSIGN_OR_RETURN(const bool ssl, BoolField(json, "ssl", false));
    missing = ssl ? "require" : "disable";
  }
  MR_ASSIGN_OR_RETURN(const std::string mode, ModeOf(json, "ssl_mode", "mode", missing));
  MR_ASSIGN_OR_RETURN(options->ssl_mode, SslModeFromString(mode));
  if (!json.contains("ssl_mode") || !json["ssl_mode"].is_object()) return Status::Ok();
  const Json& ssl_mode = json["ssl_mode"];
  const bool verifies =
      options->ssl_mode == SslMode::kVerifyCa || options->ssl_mode == SslMode::kVerifyFull;
  const std::pair<const char*, std::string*> fields[] = {
      {"ca_certificate", &options->ca_certificate},
      {"client_certificate", &options->client_certificate},
      {"client_key", &options->client_key},
      {"client_key_password", &options->client_key_password}};
  for (const auto& [name, target] : fields) {
    auto text = TextField(ssl_mode, name, verifies && target == &options->ca_certificate);
    if (!text.ok()) return text.status().WithContext("ssl_mode");
    *target = *std::move(text);
  }
  if (options->client_certificate.empty() != options->client_key.empty()) {
    return ConfigError(
        "source-postgres: ssl_mode needs client_certificate and client_key together");
  }
  return Status::Ok();
}

Status ReadSchemas(const Json& json, std::vector<std::string>* schemas) {
  const auto found = json.find("schemas");
  if (found == json.end() || found->is_null()) return Status::Ok();
  if (!found->is_array()) return ConfigError("source-postgres: \"schemas\" must be a list");
  for (const Json& schema : *found) {
    if (!schema.is_string() || schema.get<std::string>().empty()) {
      return ConfigError("source-postgres: \"schemas\" must be a list of names");
    }
    schemas->push_back(schema.get<std::string>());
  }
  return Status::Ok();
}

void RegisterSecrets(const Json& json) {
  for (const char* name : kSecretFields) {
    for (const Json* object : {&json, json.contains("ssl_mode") ? &json["ssl_mode"] : nullptr}) {
      if (object == nullptr || !object->is_object() || !object->contains(name)) continue;
      const Json& value = (*object)[name];
      if (value.is_string()) Secrets::Register(value.get<std::string>());
    }
  }
}

}  // namespace

Result<PostgresConfig> PostgresConfigFromJson(const Json& json) {
  if (!json.is_object()) return ConfigError("source-postgres: the config must be an object");
  RegisterSecrets(json);
  PostgresConfig config;
  MR_RETURN_IF_ERROR(ReadMethod(json, &config.method));
  PgOptions& options = config.connection;
  MR_ASSIGN_OR_RETURN(options.host, TextField(json, "host", true));
  MR_ASSIGN_OR_RETURN(options.database, TextField(json, "database", true));
  MR_ASSIGN_OR_RETURN(options.user, TextField(json, "username", true));
  MR_ASSIGN_OR_RETURN(options.password, TextField(json, "password", false));
  MR_ASSIGN_OR_RETURN(const int64_t port, IntegerField(json, "port", 5432, 1, 65535));
  options.port = static_cast<int>(port);
  auto tunnel = TunnelFromJson(json);
  if (!tunnel.ok()) return tunnel.status().WithContext("source-postgres");
  if (*tunnel) {
    options.tunnel = std::make_shared<SshTunnel>(**tunnel, options.host, options.port);
  }
  MR_RETURN_IF_ERROR(ReadSslMode(json, &options));
  MR_ASSIGN_OR_RETURN(const std::string params, TextField(json, "jdbc_url_params", false));
  auto extra = LibpqParamsFromJdbc(params);
  if (!extra.ok()) return extra.status().WithContext("source-postgres");
  options.extra = *std::move(extra);
  // libpq's own timeout is for blocking connects only.
  for (const auto& [keyword, value] : options.extra) {
    if (keyword != "connect_timeout") continue;
    int seconds = 0;
    std::from_chars(value.data(), value.data() + value.size(), seconds);
    if (seconds > 0) options.connect_timeout = std::chrono::seconds(seconds);
  }
  MR_RETURN_IF_ERROR(ReadSchemas(json, &config.schemas));
  MR_ASSIGN_OR_RETURN(config.check_privileges, BoolField(json, "check_privileges", true));
  MR_ASSIGN_OR_RETURN(const int64_t interval,
                      IntegerField(json, "checkpoint_target_interval_seconds", 300, 1, 86400));
  config.checkpoint_interval = std::chrono::seconds(interval);
  // One connection holds the snapshot, another one reads.
  MR_ASSIGN_OR_RETURN(const int64_t connections,
                      IntegerField(json, "max_db_connections", config.max_connections, 2, 10000));
  config.max_connections = static_cast<int>(connections);
  return config;
}

}  // namespace millrace
