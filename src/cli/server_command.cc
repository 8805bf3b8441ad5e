#include <sys/resource.h>

#include <algorithm>
#include <csignal>

#include "base/log.h"
#include "cli/attempt_https_of.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/interrupt_signals.h"
#include "cli/server_folder.h"
#include "cli/server_log.h"
#include "cli/server_resources.h"
#include "cli/stop_deadline.h"
#include "server/millrace_server.h"
#include "subprocess/scratch_folder.h"

namespace millrace {
namespace {

constexpr auto kStopLimit = std::chrono::seconds(28);
constexpr auto kExitLimit = std::chrono::seconds(30);  // for handlers that don't end at all

/// Each connection of a client takes a descriptor; shells give a thousand.
void RaiseDescriptorLimit() {
  constexpr rlim_t kEnough = 16'384;
  struct rlimit limit {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= kEnough) return;
  limit.rlim_cur = std::min(limit.rlim_max, kEnough);
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

/// host:port/database, without user, password and options.
std::string PlaceOf(const std::string& database_url) {
  const size_t authority = database_url.find("://");
  std::string place = database_url.substr(authority == std::string::npos ? 0 : authority + 3);
  place.resize(std::min(place.find('?'), place.size()));
  if (const size_t user = place.rfind('@'); user != std::string::npos) place.erase(0, user + 1);
  return place;
}

void SayWhereThingsAre(const ServerOptions& options, bool first_start, const std::string& address,
                       bool tls) {
  const std::string folder = options.data_dir.string();
  if (options.database_url.empty()) {
    Log(LogLevel::kInfo, "everything is kept in {}", folder);
  } else {
    Log(LogLevel::kInfo, "metadata is kept in PostgreSQL {}, logs and attempts in {}",
        PlaceOf(options.database_url), folder);
  }
  if (!first_start) return;
  Log(LogLevel::kInfo,
      "first start: the API is at {}://{}/api/v1 (its document: /openapi.yaml); whoever must sign "
      "in is airbyte@example.com, with \"password\" unless MILLRACE_ADMIN_PASSWORD says another; "
      "docs/SERVER.md says more",
      tls ? "https" : "http", address);
}

}  // namespace

int RunServer(const CommandLine& line) {
  auto resources = ResourcesOfServer(line);
  if (!resources.ok()) {
    Console::Fail(resources.status(), line.verbose);
    return kExitUsage;
  }
  ServerOptions options;
  options.resources = *std::move(resources);
  options.data_dir = ServerFolder(line);
  options.database_url = line.database_url;
  options.log_storage = line.log_storage;
  if (!line.listen.empty()) options.listen = line.listen;
  options.public_urls = line.public_urls;
  options.auth_always = line.auth == "always";
  options.tls_certificate_file = line.tls_certificate;
  options.tls_key_file = line.tls_key;
  if (!line.files_dir.empty()) options.files_dir = std::filesystem::absolute(line.files_dir);
  options.allow_link_local = line.allow_link_local;
  options.allow_custom_commands = line.allow_custom_commands;
  options.attempt_https = AttemptHttpsOf(line);
  UseServerLog(line.log_format == "json");
  // A file at its largest size is an error of that write, not the end of the server.
  std::signal(SIGXFSZ, SIG_IGN);
  RaiseDescriptorLimit();
  InterruptSignals signals;
  SweepScratchFolders();
  const bool first_start = !std::filesystem::exists(options.data_dir / "server.lock");
  auto server = MillraceServer::Start(options);
  if (!server.ok()) {
    Console::Fail(server.status(), line.verbose);
    return server.status().error().type == FailureType::kConfigError ? kExitUsage : kExitFailed;
  }
  for (const std::string& address : (*server)->addresses()) {
    Log(LogLevel::kInfo, "listening on {}://{}", line.tls_key.empty() ? "http" : "https", address);
  }
  SayWhereThingsAre(options, first_start, (*server)->addresses().front(), !line.tls_key.empty());
  while (!signals.Take()) signals.WaitFor(InterruptSignals::kForever);
  Log(LogLevel::kInfo, "stopping");
  const StopDeadline deadline(kExitLimit, kExitDone);
  (*server)->Stop(kStopLimit);
  server->reset();
  return kExitDone;
}

}  // namespace millrace
