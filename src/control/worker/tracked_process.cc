#include "control/worker/tracked_process.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <vector>

#include "subprocess/process_table.h"

namespace millrace {
namespace {

std::string BootId() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(file, id);
  return id;
}

bool Ended(const ProcessEntry& entry) { return entry.state == 'Z' || entry.state == 'X'; }

}  // namespace

std::optional<ProcessIdentity> ProcessIdentity::Of(pid_t pid) {
  const auto entry = ReadProcess(pid);
  if (!entry) return std::nullopt;
  return ProcessIdentity{pid, entry->start_ticks, BootId()};
}

TrackedProcess::TrackedProcess(ProcessIdentity identity) : identity_(std::move(identity)) {
  if (identity_.pid <= 0 || identity_.boot_id != BootId()) return;
  fd_ = static_cast<int>(::syscall(SYS_pidfd_open, identity_.pid, 0));
  // Looked at after the descriptor was opened: it can't become another one's any more.
  if (fd_ < 0 || Running()) return;
  ::close(fd_);
  fd_ = -1;
}

TrackedProcess::~TrackedProcess() {
  if (fd_ >= 0) ::close(fd_);
}

bool TrackedProcess::Running() const {
  if (identity_.pid <= 0 || identity_.boot_id != BootId()) return false;
  const auto entry = ReadProcess(identity_.pid);
  return entry && entry->start_ticks == identity_.start_ticks && !Ended(*entry);
}

void TrackedProcess::KillAll() const {
  if (identity_.pid <= 0 || identity_.boot_id != BootId()) return;
  const auto leader = ReadProcess(identity_.pid);
  // Another process has the id now: the session that it names is not ours either.
  if (leader && leader->start_ticks != identity_.start_ticks) return;
  // Looked for first: what it left is no longer found below it once it is gone.
  const std::vector<ProcessEntry> all = ProcessesUnder(identity_.pid);
  if (fd_ >= 0) ::syscall(SYS_pidfd_send_signal, fd_, SIGKILL, nullptr, 0);
  for (const ProcessEntry& entry : all) {
    if (!Ended(entry) && entry.start_ticks >= identity_.start_ticks) ::kill(entry.pid, SIGKILL);
  }
}

}  // namespace millrace
