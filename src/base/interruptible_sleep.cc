#include "base/interruptible_sleep.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>

#include <atomic>

namespace millrace {
namespace {

int WakeSignal() {
  static const int signal = [] {
    struct sigaction action {};
    action.sa_handler = [](int) {};
    ::sigaction(SIGRTMIN + 3, &action, nullptr);
    return SIGRTMIN + 3;
  }();
  return signal;
}

}  // namespace

bool InterruptibleSleep(std::chrono::nanoseconds duration, std::stop_token stop) {
  if (stop.stop_requested()) return false;
  if (duration <= std::chrono::nanoseconds::zero()) return true;
  const int signal = WakeSignal();
  std::atomic<bool> awake = false;
  const pthread_t sleeper = ::pthread_self();
  const std::stop_callback wake(stop, [&awake, sleeper, signal] {
    // A signal that comes before the sleep has begun is lost: sent until the sleeper is awake. The
    // request may come from the sleeper itself, which is awake then.
    while (!awake && !::pthread_equal(sleeper, ::pthread_self())) {
      ::pthread_kill(sleeper, signal);
      const timespec pause{0, 1'000'000};
      ::nanosleep(&pause, nullptr);
    }
  });
  const timespec span{static_cast<time_t>(duration.count() / 1'000'000'000),
                      static_cast<long>(duration.count() % 1'000'000'000)};
  ::clock_nanosleep(CLOCK_MONOTONIC, 0, &span, nullptr);
  awake = true;
  return !stop.stop_requested();
}

}  // namespace millrace
