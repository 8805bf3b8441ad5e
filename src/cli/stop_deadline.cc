#include "cli/stop_deadline.h"

#include <unistd.h>

#include "base/log.h"

namespace millrace {

StopDeadline::StopDeadline(std::chrono::milliseconds limit, int exit_code)
    : thread_([this, limit, exit_code](const std::stop_token& gone) {
        std::unique_lock lock(mutex_);
        over_.wait_for(lock, gone, limit, [] { return false; });
        if (gone.stop_requested()) return;
        Log(LogLevel::kWarn, "what is still being handled after {} s is given up",
            limit.count() / 1000);
        // No destructor may run beside the threads that don't end. The log is not buffered.
        ::_exit(exit_code);
      }) {}

}  // namespace millrace
