#pragma once

#include <chrono>
#include <stop_token>

namespace millrace {

/// Sleeps for `duration` by the machine's clock, in one call of clock_nanosleep, so that a clock
/// preloaded by a test sees one sleep. False: `stop` was requested, which breaks the sleep off by a
/// signal to the thread (SIGRTMIN + 3, whose handler does nothing and is set at the first call).
bool InterruptibleSleep(std::chrono::nanoseconds duration, std::stop_token stop);

}  // namespace millrace
