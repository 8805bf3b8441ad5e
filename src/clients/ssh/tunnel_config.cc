#include "clients/ssh/tunnel_config.h"

#include <nlohmann/json.hpp>

#include "base/secrets.h"

namespace millrace {
namespace {

Result<std::string> TextField(const Json& tunnel, const char* name) {
  const auto found = tunnel.find(name);
  if (found == tunnel.end() || !found->is_string() || found->get<std::string>().empty()) {
    return ConfigError("tunnel_method: \"{}\" is missing", name);
  }
  std::string text = found->get<std::string>();
  if (text.find('\0') != std::string::npos) {
    return ConfigError("tunnel_method: \"{}\" holds a zero byte", name);
  }
  return text;
}

Result<int> PortField(const Json& tunnel) {
  const auto found = tunnel.find("tunnel_port");
  if (found == tunnel.end() || found->is_null()) return 22;
  if (!found->is_number_integer() || *found < 1 || *found > 65535) {
    return ConfigError("tunnel_method: \"tunnel_port\" must be a whole number from 1 to 65535");
  }
  return found->get<int>();
}

/// A key is struck out line by line: messages quote lines, never a whole file.
void RegisterKey(const std::string& key) {
  Secrets::Register(key);
  size_t from = 0;
  while (from < key.size()) {
    const size_t end = std::min(key.find('\n', from), key.size());
    const std::string line = key.substr(from, end - from);
    if (line.size() > 12 && line.find("-----") == std::string::npos) Secrets::Register(line);
    from = end + 1;
  }
}

}  // namespace

Result<std::optional<SshOptions>> TunnelFromJson(const Json& config) {
  const auto found = config.find("tunnel_method");
  if (found == config.end() || found->is_null()) return std::optional<SshOptions>();
  if (!found->is_object()) return ConfigError("\"tunnel_method\" must be an object");
  const Json& tunnel = *found;
  for (const char* name : {"tunnel_user_password", "ssh_key"}) {
    const auto secret = tunnel.find(name);
    if (secret != tunnel.end() && secret->is_string()) RegisterKey(secret->get<std::string>());
  }
  MR_ASSIGN_OR_RETURN(const std::string method, TextField(tunnel, "tunnel_method"));
  if (method == "NO_TUNNEL") return std::optional<SshOptions>();
  const bool by_key = method == "SSH_KEY_AUTH";
  if (!by_key && method != "SSH_PASSWORD_AUTH") {
    return ConfigError(
        "tunnel_method \"{}\" is not known: use NO_TUNNEL, SSH_KEY_AUTH or SSH_PASSWORD_AUTH",
        method);
  }
  SshOptions options;
  MR_ASSIGN_OR_RETURN(options.host, TextField(tunnel, "tunnel_host"));
  MR_ASSIGN_OR_RETURN(options.port, PortField(tunnel));
  MR_ASSIGN_OR_RETURN(options.user, TextField(tunnel, "tunnel_user"));
  std::string& secret = by_key ? options.private_key : options.password;
  MR_ASSIGN_OR_RETURN(secret, TextField(tunnel, by_key ? "ssh_key" : "tunnel_user_password"));
  return std::optional<SshOptions>(std::move(options));
}

}  // namespace millrace
