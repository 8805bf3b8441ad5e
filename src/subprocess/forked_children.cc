#include "subprocess/forked_children.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <mutex>
#include <set>

namespace millrace {
namespace {

struct Forked {
  std::mutex mutex;
  std::set<pid_t> children;  // guarded by mutex
  bool adopts = false;       // as above
};

Forked& TheForked() {
  static Forked forked;
  return forked;
}

}  // namespace

void ForkedChildren::AdoptOrphans() {
  Forked& forked = TheForked();
  const std::lock_guard lock(forked.mutex);
  forked.adopts = ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0;
}

pid_t ForkedChildren::Fork(const std::function<void()>& become) {
  Forked& forked = TheForked();
  // One that ends at once must be known before somebody looks for orphans.
  const std::lock_guard lock(forked.mutex);
  const pid_t pid = ::fork();
  if (pid == 0) become();
  if (pid > 0) forked.children.insert(pid);
  return pid;
}

void ForkedChildren::Forget(pid_t child) {
  Forked& forked = TheForked();
  const std::lock_guard lock(forked.mutex);
  forked.children.erase(child);
}

int ForkedChildren::count() {
  Forked& forked = TheForked();
  const std::lock_guard lock(forked.mutex);
  return static_cast<int>(forked.children.size());
}

bool ForkedChildren::IsOrphan(pid_t pid, pid_t parent) {
  Forked& forked = TheForked();
  const std::lock_guard lock(forked.mutex);
  return forked.adopts && parent == ::getpid() && !forked.children.contains(pid);
}

void ForkedChildren::ReapOrphans() {
  constexpr int kAtOnceMax = 1000;
  Forked& forked = TheForked();
  const std::lock_guard lock(forked.mutex);
  if (!forked.adopts) return;
  for (int reaped = 0; reaped < kAtOnceMax; ++reaped) {
    siginfo_t info = {};
    const bool ended = ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
    // One of our own comes first: its owner is about to wait for it.
    if (!ended || info.si_pid == 0 || forked.children.contains(info.si_pid)) return;
    ::waitpid(info.si_pid, nullptr, WNOHANG);
  }
}

}  // namespace millrace
