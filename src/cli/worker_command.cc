#include <csignal>

#include "base/log.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/interrupt_signals.h"
#include "cli/server_folder.h"
#include "cli/server_log.h"
#include "server/millrace_worker.h"

namespace millrace {
namespace {

constexpr auto kStopLimit = std::chrono::seconds(30);
constexpr int kForever = -1;

}  // namespace

int RunWorker(const CommandLine& line) {
  UseServerLog(line.log_format == "json");
  std::signal(SIGXFSZ, SIG_IGN);
  InterruptSignals signals;
  const auto folder = ServerFolder(line);
  auto worker = MillraceWorker::Start(folder, line.database_url, line.log_storage);
  if (!worker.ok()) {
    Console::Fail(worker.status(), line.verbose);
    return worker.status().error().type == FailureType::kConfigError ? kExitUsage : kExitFailed;
  }
  Log(LogLevel::kInfo, "working on jobs; its folder is {}", folder.string());
  while (!signals.Take()) signals.WaitFor(kForever);
  Log(LogLevel::kInfo, "stopping");
  (*worker)->Stop(kStopLimit);
  return kExitDone;
}

}  // namespace millrace
