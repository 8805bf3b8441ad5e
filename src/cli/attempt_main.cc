// `millrace-attempt`: connectors and pipeline. Started by `millrace` with one start document on
// descriptor 3 (see attempt/start_document.h); never by a person.
#include <fcntl.h>
#include <sys/prctl.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>

#include "attempt/https_caller.h"
#include "attempt/lease_keeper.h"
#include "attempt/parent_call.h"
#include "base/local_paths.h"
#include "base/log.h"
#include "base/usable_threads.h"
#include "cli/attempt/builder_tasks.h"
#include "cli/attempt/channel_failure.h"
#include "cli/attempt/channel_tasks.h"
#include "cli/attempt/connect_guard.h"
#include "cli/attempt/protocol_tasks.h"
#include "cli/attempt/stop_signals.h"
#include "protocol/message.h"
#include "subprocess/forked_children.h"
#include "subprocess/scratch_folder.h"

namespace millrace {
namespace {

constexpr int kAttemptDescriptor = 3;
constexpr auto kOrphanLimit = std::chrono::seconds(8);

/// How an attempt that outlives its parent finds the next one.
std::optional<AttemptChannel::Redial> RedialOf(const StartDocument& start) {
  if (!start.parent) return std::nullopt;
  AttemptChannel::Redial redial;
  if (start.parent->url.empty()) {
    redial.call = [parent = *start.parent] { return CallParent(parent); };
  } else {
    auto caller = std::make_shared<HttpsCaller>(*start.parent);
    redial.call = [caller] { return caller->Call(); };
  }
  return redial;
}

/// What a server's attempt may use and touch.
Status Confine(const StartDocument& start) {
  constexpr int64_t kOneProcessor = 1000;
  const int64_t millicores = start.limits.cpu_millicores;
  SetUsableThreads(static_cast<int>((millicores + kOneProcessor - 1) / kOneProcessor));
  if (!start.rules) return Status::Ok();
  RefuseLinkLocalConnections(!start.rules->allow_link_local);
#ifndef __SANITIZE_ADDRESS__  // its leak checker traces the process
  ::prctl(PR_SET_DUMPABLE, 0);
#endif
  return ConfineLocalPaths(start.rules->files_dir);
}

/// Serves a parent over the channel.
int RunOverChannel(const StartDocument& start, std::unique_ptr<JsonLineSocket> socket,
                   AttemptStop& stop) {
  CommitLease lease;
  const auto on_command = [&stop, &lease](std::string_view command) {
    if (command == "finish") stop.Finish();
    if (command == "cancel") stop.Cancel();
    if (command == "away") lease.Suspend();
    if (command == "back") lease.Resume();
    if (command == "closed") {
      lease.End();
      stop.CancelOrDie(kOrphanLimit);
    }
  };
  AttemptChannel channel(std::move(socket), on_command, RedialOf(start));
  std::optional<LeaseKeeper> lease_keeper;
  if (start.parent) lease_keeper.emplace(channel, lease);
  // The parent speaks over the channel; a signal means that it is gone.
  const StopSignals signals([&stop](int) { stop.CancelOrDie(kOrphanLimit); });
  if (const Status confined = Confine(start); !confined.ok()) {
    return TellFailure(channel, confined, /*before_contact=*/true, FailureOrigin::kPlatform);
  }
  SetLogSink([&channel](LogLevel level, std::string_view message) {
    (void)channel.Tell(LogMessage(level, message)).ok();
  });
  SweepScratchFolders();
  int exit_code = 1;
  std::optional<HardStop> hard_stop;  // of a task that has nothing to commit
  const bool commits = start.task == "sync" || start.task == "clear";
  if (!commits) hard_stop.emplace(stop);
  if (start.task == "spec") exit_code = RunSpecTask(start, channel);
  if (start.task == "check") exit_code = RunCheckTask(start, channel);
  if (start.task == "discover") exit_code = RunDiscoverTask(start, channel);
  if (start.task == "resolve_manifest") exit_code = RunResolveManifestTask(start, channel);
  if (start.task == "full_resolve_manifest") {
    exit_code = RunFullResolveManifestTask(start, channel, stop);
  }
  if (start.task == "read_stream") exit_code = RunReadStreamTask(start, channel, stop);
  if (start.task == "verify") exit_code = RunVerifyTask(start, channel, stop);
  if (commits) exit_code = RunSyncTask(start, channel, stop, start.parent ? &lease : nullptr);
  SetLogSink([](LogLevel, std::string_view) {});
  return exit_code;
}

int Run() {
  // One allocator for all that does not come from BlockPool(): Arrow's own keeps freed memory apart
  // from the rest of the process, and gives it back and takes it again all the time.
  setenv("ARROW_DEFAULT_MEMORY_POOL", "system", /*overwrite=*/0);
  std::signal(SIGPIPE, SIG_IGN);
  ForkedChildren::AdoptOrphans();
  StopSignals::Block();
  auto socket = std::make_unique<JsonLineSocket>(kAttemptDescriptor);
  ::fcntl(kAttemptDescriptor, F_SETFD, FD_CLOEXEC);  // not for what connectors start
  const auto first = socket->Read();
  if (!first.ok() || !*first) {
    std::fputs("millrace-attempt is started by millrace; see: millrace --help\n", stderr);
    return 2;
  }
  const auto start = StartDocumentFromJson(**first);
  if (!start.ok()) {
    std::fprintf(stderr, "%s\n", start.status().ToString().c_str());
    return 1;
  }
  if (start->verbose) SetLogLevel(LogLevel::kDebug);
  AttemptStop stop;
  if (!start->task.starts_with("connector ")) {
    return RunOverChannel(*start, std::move(socket), stop);
  }
  const StopSignals signals([&stop](int count) { count == 1 ? stop.Finish() : stop.Cancel(); });
  return RunProtocolTask(*start, stop);
}

}  // namespace
}  // namespace millrace

int main() { return millrace::Run(); }
