#include "clients/ssh/ssh_host_key.h"

#include <libssh/libssh.h>

#include <mutex>
#include <set>
#include <string>

#include "base/log.h"

namespace millrace {
namespace {

/// "SHA256:…", as ssh-keygen -l shows it; empty when there is none.
std::string Fingerprint(ssh_session session) {
  ssh_key key = nullptr;
  if (ssh_get_server_publickey(session, &key) != SSH_OK) return "";
  unsigned char* hash = nullptr;
  size_t size = 0;
  std::string text;
  if (ssh_get_publickey_hash(key, SSH_PUBLICKEY_HASH_SHA256, &hash, &size) == 0) {
    if (char* printed = ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, size)) {
      text = printed;
      ssh_string_free_char(printed);
    }
    ssh_clean_pubkey_hash(&hash);
  }
  ssh_key_free(key);
  return text;
}

void LogOnce(const std::string& host, const std::string& fingerprint) {
  static std::mutex mutex;
  static std::set<std::string> seen;  // bounded by the hosts that configurations name
  const std::lock_guard lock(mutex);
  if (!seen.insert(host + fingerprint).second) return;
  Log(LogLevel::kInfo,
      "the SSH server {} has the key {}, which no known_hosts file confirms; it is accepted", host,
      fingerprint);
}

}  // namespace

Status CheckHostKey(ssh_session_struct* session, const SshOptions& options) {
  const std::string fingerprint = Fingerprint(session);
  if (fingerprint.empty()) return SystemError("the server showed no key");
  switch (ssh_session_is_known_server(session)) {
    case SSH_KNOWN_HOSTS_OK:
      return Status::Ok();
    case SSH_KNOWN_HOSTS_CHANGED:
    case SSH_KNOWN_HOSTS_OTHER:
      return ConfigError(
          "its key {} is not the one in known_hosts: another server answers there. If that is "
          "right, remove the old entry (ssh-keygen -R {})",
          fingerprint, options.host);
    default:
      LogOnce(options.host, fingerprint);
      return Status::Ok();
  }
}

}  // namespace millrace
