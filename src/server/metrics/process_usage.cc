#include "server/metrics/process_usage.h"

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

namespace millrace {
namespace {

/// The 22nd field of /proc/self/stat: when it started, in ticks after the machine did. The second
/// field, the program's name, may hold blanks and parentheses.
double StartedAt() {
  std::ifstream file("/proc/self/stat");
  std::string stat;
  std::getline(file, stat);
  const size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return 0;
  size_t at = name_end + 1;
  constexpr int kFieldsBetween = 19;
  for (int field = 0; field < kFieldsBetween && at != std::string::npos; ++field) {
    at = stat.find(' ', at + 1);
  }
  double up = 0;
  if (at == std::string::npos || !(std::ifstream("/proc/uptime") >> up)) return 0;
  const double ticks = std::strtod(stat.c_str() + at, nullptr);
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count() - up +
         ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double SecondsOf(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

int64_t EntriesOf(const char* folder) {
  int64_t count = 0;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    ++count;
  }
  return count;
}

}  // namespace

ProcessUsage CurrentProcessUsage() {
  static const double started_at = StartedAt();
  ProcessUsage usage;
  usage.started_at = started_at;
  int64_t pages = 0;
  int64_t resident_pages = 0;
  if (std::ifstream("/proc/self/statm") >> pages >> resident_pages) {
    const int64_t page = ::sysconf(_SC_PAGESIZE);
    usage.virtual_bytes = pages * page;
    usage.resident_bytes = resident_pages * page;
  }
  struct rusage spent {};
  if (::getrusage(RUSAGE_SELF, &spent) == 0) {
    usage.cpu_seconds = SecondsOf(spent.ru_utime) + SecondsOf(spent.ru_stime);
  }
  struct rlimit limit {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    usage.descriptors_max = static_cast<int64_t>(limit.rlim_cur);
  }
  usage.open_descriptors = EntriesOf("/proc/self/fd") - 1;  // the one that lists them
  usage.threads = EntriesOf("/proc/self/task");
  return usage;
}

}  // namespace millrace
