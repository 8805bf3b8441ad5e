#include "subprocess/program_path.h"

#include <unistd.h>

#include <string_view>
#include <system_error>

namespace millrace {
namespace {

bool Runs(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(path, ignored) && ::access(path.c_str(), X_OK) == 0;
}

std::string_view SearchPath(const std::vector<std::string>& environment) {
  constexpr std::string_view kName = "PATH=";
  for (const std::string& variable : environment) {
    if (variable.starts_with(kName)) return std::string_view(variable).substr(kName.size());
  }
  return "/usr/local/bin:/usr/bin:/bin";
}

}  // namespace

Result<std::filesystem::path> FindProgram(const std::string& program,
                                          const std::vector<std::string>& environment,
                                          const std::filesystem::path& folder) {
  if (program.empty()) return ConfigError("the command names no program");
  if (program.find('/') != std::string::npos) {
    const std::filesystem::path path = folder / program;  // an absolute one stands for itself
    if (Runs(path)) return path;
    std::error_code ignored;
    return ConfigError("{} {}", path.string(),
                       std::filesystem::exists(path, ignored)
                           ? "can't be run: make it executable (chmod +x), or name its interpreter"
                           : "does not exist");
  }
  for (std::string_view rest = SearchPath(environment); !rest.empty();) {
    const size_t end = rest.find(':');
    const std::filesystem::path path = std::filesystem::path(rest.substr(0, end)) / program;
    if (path.is_absolute() && Runs(path)) return path;
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  return ConfigError("there is no program {} on the PATH", program);
}

}  // namespace millrace
