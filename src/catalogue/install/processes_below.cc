#include "catalogue/install/processes_below.h"

#include <charconv>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>

namespace millrace {

std::vector<pid_t> ProcessesBelow(const std::filesystem::path& folder) {
  std::vector<pid_t> processes;
  const std::string words = folder.string() + "/";
  std::error_code code;
  for (std::filesystem::directory_iterator at("/proc", code), end; !code && at != end;
       at.increment(code)) {
    const std::string name = at->path().filename().string();
    pid_t pid = 0;
    const auto [last, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error != std::errc() || last != name.data() + name.size()) continue;
    std::ifstream file(at->path() / "cmdline", std::ios::binary);
    const std::string line((std::istreambuf_iterator<char>(file)), {});
    if (line.find(words) != std::string::npos) processes.push_back(pid);
  }
  return processes;
}

}  // namespace millrace
