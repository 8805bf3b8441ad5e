#include "cli/interrupt_signals.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <initializer_list>

namespace millrace {

InterruptSignals::InterruptSignals() {
  sigset_t signals;
  ::sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&signals, signal);
  ::sigprocmask(SIG_BLOCK, &signals, &before_);
  fd_ = ::signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
}

InterruptSignals::~InterruptSignals() {
  ::close(fd_);
  if (!taken_) ::sigprocmask(SIG_SETMASK, &before_, nullptr);
}

bool InterruptSignals::Take() {
  signalfd_siginfo info;
  const bool came = ::read(fd_, &info, sizeof info) == static_cast<ssize_t>(sizeof info);
  taken_ = taken_ || came;
  return came;
}

bool InterruptSignals::WaitFor(int timeout_ms) const {
  pollfd waited = {fd_, POLLIN, 0};
  return ::poll(&waited, 1, timeout_ms) > 0;
}

}  // namespace millrace
