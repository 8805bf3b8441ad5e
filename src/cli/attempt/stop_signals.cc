#include "cli/attempt/stop_signals.h"

#include <csignal>

namespace millrace {
namespace {

sigset_t Signals() {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGINT);
  ::sigaddset(&signals, SIGTERM);
  return signals;
}

}  // namespace

void StopSignals::Block() {
  const sigset_t signals = Signals();
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

StopSignals::StopSignals(std::function<void(int count)> on_signal) {
  listener_ = std::jthread([on_signal = std::move(on_signal)](std::stop_token stop) {
    const sigset_t signals = Signals();
    const timespec tick = {0, 100'000'000};
    for (int count = 0; !stop.stop_requested();) {
      if (::sigtimedwait(&signals, nullptr, &tick) > 0) on_signal(++count);
    }
  });
}

}  // namespace millrace
