#include <cstdlib>

#include "base/log.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/interrupt_signals.h"
#include "server/millrace_server.h"

namespace millrace {
namespace {

constexpr auto kStopLimit = std::chrono::seconds(30);
constexpr int kForever = -1;

std::filesystem::path DataDir(const CommandLine& line) {
  if (!line.data_dir.empty()) return line.data_dir;
  const char* const home = std::getenv("HOME");
  return std::filesystem::path(home == nullptr ? "." : home) / ".millrace";
}

}  // namespace

int RunServer(const CommandLine& line) {
  ServerOptions options;
  options.data_dir = std::filesystem::absolute(DataDir(line));
  options.database_url = line.database_url;
  if (!line.listen.empty()) options.listen = line.listen;
  options.auth_always = line.auth == "always";
  options.tls_certificate_file = line.tls_certificate;
  options.tls_key_file = line.tls_key;
  InterruptSignals signals;
  auto server = MillraceServer::Start(options);
  if (!server.ok()) {
    Console::Fail(server.status(), line.verbose);
    return server.status().error().type == FailureType::kConfigError ? kExitUsage : kExitFailed;
  }
  for (const std::string& address : (*server)->addresses()) {
    Log(LogLevel::kInfo, "listening on {}://{}", line.tls_key.empty() ? "http" : "https", address);
  }
  while (!signals.Take()) signals.WaitFor(kForever);
  Log(LogLevel::kInfo, "stopping");
  (*server)->Stop(kStopLimit);
  return kExitDone;
}

}  // namespace millrace
