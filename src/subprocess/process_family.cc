#include "subprocess/process_family.h"

#include <poll.h>
#include <unistd.h>

#include <csignal>

#include "subprocess/forked_children.h"

namespace millrace {
namespace {

bool HasEnded(const ProcessEntry& entry) { return entry.state == 'Z' || entry.state == 'X'; }

}  // namespace

bool ProcessFamily::IsMember(const ProcessEntry& entry, const std::set<pid_t>& members,
                             bool only_program) const {
  if (entry.pid == program_ || entry.group == program_ || members.contains(entry.parent)) {
    return true;
  }
  if (known_.contains({entry.pid, entry.start_ticks})) return true;
  if (!ForkedChildren::IsOrphan(entry.pid, entry.parent)) return false;
  return only_program || groups_.contains(entry.group) || sessions_.contains(entry.session);
}

std::vector<ProcessEntry> ProcessFamily::Running() {
  const std::vector<ProcessEntry> table = AllProcesses();
  const bool only_program = ForkedChildren::count() == 1;
  const std::lock_guard lock(mutex_);
  std::set<pid_t> members;
  // A child may stand before its parent.
  for (size_t before = members.size() + 1; before != members.size();) {
    before = members.size();
    for (const ProcessEntry& entry : table) {
      if (IsMember(entry, members, only_program)) members.insert(entry.pid);
    }
  }
  known_.clear();
  std::set<pid_t> groups, sessions;
  std::vector<ProcessEntry> running;
  const pid_t our_group = ::getpgrp(), our_session = ::getsid(0);
  for (const ProcessEntry& entry : table) {
    if (!members.contains(entry.pid)) continue;
    known_.insert({entry.pid, entry.start_ticks});
    if (entry.group != our_group) groups.insert(entry.group);
    if (entry.session != our_session) sessions.insert(entry.session);
    if (!HasEnded(entry)) running.push_back(entry);
  }
  groups_ = std::move(groups);
  sessions_ = std::move(sessions);
  return running;
}

void ProcessFamily::Signal(int number) {
  for (const ProcessEntry& entry : Running()) ::kill(entry.pid, number);
}

bool ProcessFamily::Kill(Deadline deadline) {
  constexpr int kPauseMs = 5;
  for (;;) {
    const std::vector<ProcessEntry> running = Running();
    for (const ProcessEntry& entry : running) ::kill(entry.pid, SIGKILL);
    ForkedChildren::ReapOrphans();
    if (running.empty()) return true;
    if (deadline.Passed()) return false;
    ::poll(nullptr, 0, kPauseMs);
  }
}

}  // namespace millrace
