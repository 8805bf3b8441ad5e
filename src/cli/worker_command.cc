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
#include "server/millrace_worker.h"
#include "subprocess/scratch_folder.h"

namespace millrace {
namespace {

constexpr auto kWorkerStopLimit = std::chrono::seconds(28);
constexpr auto kWorkerExitLimit = std::chrono::seconds(30);

}  // namespace

int RunWorker(const CommandLine& line) {
  UseServerLog(line.log_format == "json");
  std::signal(SIGXFSZ, SIG_IGN);
  InterruptSignals signals;
  SweepScratchFolders();
  auto resources = ResourcesOfServer(line);
  if (!resources.ok()) {
    Console::Fail(resources.status(), line.verbose);
    return kExitUsage;
  }
  WorkerOptions options;
  options.data_dir = ServerFolder(line);
  options.database_url = line.database_url;
  options.log_storage = line.log_storage;
  if (!line.files_dir.empty()) options.files_dir = std::filesystem::absolute(line.files_dir);
  options.allow_link_local = line.allow_link_local;
  options.allow_custom_commands = line.allow_custom_commands;
  options.resources = *std::move(resources);
  options.attempt_https = AttemptHttpsOf(line);
  auto worker = MillraceWorker::Start(options);
  if (!worker.ok()) {
    Console::Fail(worker.status(), line.verbose);
    return worker.status().error().type == FailureType::kConfigError ? kExitUsage : kExitFailed;
  }
  Log(LogLevel::kInfo, "working on jobs; its folder is {}", options.data_dir.string());
  while (!signals.Take()) signals.WaitFor(InterruptSignals::kForever);
  Log(LogLevel::kInfo, "stopping");
  const StopDeadline deadline(kWorkerExitLimit, kExitDone);
  (*worker)->Stop(kWorkerStopLimit);
  worker->reset();
  return kExitDone;
}

}  // namespace millrace
