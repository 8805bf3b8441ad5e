#include "clients/postgres/pg_config.h"

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

enum class Presence { kOptional, kRequired };

Result<std::string> Text(const Json& json, const char* name, Presence presence) {
  const auto found = json.find(name);
  if (found == json.end() || found->is_null()) {
    if (presence == Presence::kOptional) return std::string();
    return ConfigError("\"{}\" is missing", name);
  }
  if (!found->is_string()) return ConfigError("\"{}\" must be a string", name);
  std::string text = found->get<std::string>();
  if (presence == Presence::kRequired && text.empty()) return ConfigError("\"{}\" is empty", name);
  if (text.find('\0') != std::string::npos) return ConfigError("\"{}\" holds a zero byte", name);
  return text;
}

void RegisterSecrets(const Json& object) {
  for (const char* name : kSecretFields) {
    const auto found = object.find(name);
    if (found != object.end() && found->is_string()) {
      Secrets::Register(found->get<std::string>());
    }
  }
}

Status ReadEncryption(const Json& json, PgOptions& options) {
  const auto ssl_mode = json.find("ssl_mode");
  if (ssl_mode == json.end() || ssl_mode->is_null()) {
    // Configurations from before ssl_mode have a boolean.
    const auto ssl = json.find("ssl");
    if (ssl == json.end() || ssl->is_null()) return Status::Ok();
    if (!ssl->is_boolean()) return ConfigError("\"ssl\" must be true or false");
    options.ssl_mode = ssl->get<bool>() ? SslMode::kRequire : SslMode::kDisable;
    return Status::Ok();
  }
  if (!ssl_mode->is_object()) return ConfigError("\"ssl_mode\" must be an object");
  RegisterSecrets(*ssl_mode);
  MR_ASSIGN_OR_RETURN(const std::string mode, Text(*ssl_mode, "mode", Presence::kRequired));
  MR_ASSIGN_OR_RETURN(options.ssl_mode, SslModeFromString(mode));
  const bool verifies =
      options.ssl_mode == SslMode::kVerifyCa || options.ssl_mode == SslMode::kVerifyFull;
  const Presence authority = verifies ? Presence::kRequired : Presence::kOptional;
  MR_ASSIGN_OR_RETURN(options.ca_certificate, Text(*ssl_mode, "ca_certificate", authority));
  MR_ASSIGN_OR_RETURN(options.client_certificate,
                      Text(*ssl_mode, "client_certificate", Presence::kOptional));
  MR_ASSIGN_OR_RETURN(options.client_key, Text(*ssl_mode, "client_key", Presence::kOptional));
  MR_ASSIGN_OR_RETURN(options.client_key_password,
                      Text(*ssl_mode, "client_key_password", Presence::kOptional));
  if (options.client_certificate.empty() != options.client_key.empty()) {
    return ConfigError("ssl_mode needs client_certificate and client_key together");
  }
  return Status::Ok();
}

}  // namespace

Result<PgOptions> PgOptionsFromJson(const Json& json) {
  RegisterSecrets(json);
  PgOptions options;
  MR_ASSIGN_OR_RETURN(options.host, Text(json, "host", Presence::kRequired));
  MR_ASSIGN_OR_RETURN(options.database, Text(json, "database", Presence::kRequired));
  MR_ASSIGN_OR_RETURN(options.user, Text(json, "username", Presence::kRequired));
  MR_ASSIGN_OR_RETURN(options.password, Text(json, "password", Presence::kOptional));
  if (const auto port = json.find("port"); port != json.end() && !port->is_null()) {
    if (!port->is_number_integer() || *port < 1 || *port > 65535) {
      return ConfigError("\"port\" must be a whole number from 1 to 65535");
    }
    options.port = port->get<int>();
  }
  MR_ASSIGN_OR_RETURN(const auto tunnel, TunnelFromJson(json));
  if (tunnel) options.tunnel = std::make_shared<SshTunnel>(*tunnel, options.host, options.port);
  MR_RETURN_IF_ERROR(ReadEncryption(json, options));
  MR_ASSIGN_OR_RETURN(const std::string params, Text(json, "jdbc_url_params", Presence::kOptional));
  MR_ASSIGN_OR_RETURN(options.extra, LibpqParamsFromJdbc(params));
  // libpq's own timeout is for blocking connects only.
  for (const auto& [keyword, value] : options.extra) {
    if (keyword != "connect_timeout") continue;
    int seconds = 0;
    std::from_chars(value.data(), value.data() + value.size(), seconds);
    if (seconds > 0) options.connect_timeout = std::chrono::seconds(seconds);
  }
  return options;
}

}  // namespace millrace
