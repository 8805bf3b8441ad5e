#include "catalogue/install/python_interpreter.h"

#include <algorithm>
#include <charconv>

#include "catalogue/install/tool_run.h"
#include "subprocess/program_path.h"

namespace millrace {
namespace {

/// 3.11 and 3.10 satisfy every connector seen; each further one loses some.
constexpr const char* kNames[] = {"python3.11", "python3.10", "python3.12", "python3.13",
                                  "python3.9",  "python3.14", "python3"};
constexpr std::chrono::seconds kAskLimit(60);

/// What a name on the PATH really is; an error when it does not run, as the shims of version
/// managers do for versions that are not there.
Result<PythonInterpreter> AskPython(const std::string& name,
                                    const std::vector<std::string>& environment,
                                    const std::stop_token& stop) {
  MR_ASSIGN_OR_RETURN(const auto path, FindProgram(name, environment, "/"));
  ToolCommand command;
  command.arguments = {path.string(), "-I", "-c",
                       "import sys, platform; print(sys.executable); "
                       "print(platform.python_version())"};
  command.environment = environment;
  command.folder = "/";
  command.limit = kAskLimit;
  MR_ASSIGN_OR_RETURN(const ToolEnd end, RunTool(command, stop));
  const size_t middle = end.output.find('\n');
  const size_t last = end.output.find('\n', middle + 1);
  if (!end.exit.clean() || last == std::string::npos || !end.output.starts_with('/')) {
    return ConfigError("{} is no Python that runs ({})", path.string(), end.exit.ToString());
  }
  return PythonInterpreter{end.output.substr(0, middle),
                           end.output.substr(middle + 1, last - middle - 1)};
}

/// The leading numbers of a version.
std::vector<int> NumbersOf(std::string_view version) {
  std::vector<int> numbers;
  for (const char* at = version.data(); at < version.data() + version.size();) {
    int number = 0;
    const auto [end, error] = std::from_chars(at, version.data() + version.size(), number);
    if (error != std::errc()) break;
    numbers.push_back(number);
    if (end == version.data() + version.size() || *end != '.') break;
    at = end + 1;
  }
  return numbers;
}

/// -1, 0, 1: how they compare, missing numbers counting as 0.
int Compare(const std::vector<int>& a, const std::vector<int>& b) {
  for (size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
    const int left = i < a.size() ? a[i] : 0, right = i < b.size() ? b[i] : 0;
    if (left != right) return left < right ? -1 : 1;
  }
  return 0;
}

/// Whether `version` begins with the numbers of `prefix`.
bool IsBelow(const std::vector<int>& prefix, const std::vector<int>& version) {
  return prefix.size() <= version.size() &&
         std::equal(prefix.begin(), prefix.end(), version.begin());
}

bool PartFits(std::string_view part, const std::vector<int>& version) {
  const size_t begin = part.find_first_not_of("<>=!~");
  if (begin == std::string_view::npos) return true;
  const std::string_view relation = part.substr(0, begin);
  const bool any_below = part.ends_with(".*");
  const std::vector<int> bound = NumbersOf(part.substr(begin));
  if (bound.empty()) return true;
  const int order = Compare(version, bound);
  if (relation == ">=") return order >= 0;
  if (relation == ">") return order > 0;
  if (relation == "<=") return order <= 0;
  if (relation == "<") return order < 0;
  if (relation == "==") return any_below ? IsBelow(bound, version) : order == 0;
  if (relation == "!=") return any_below ? !IsBelow(bound, version) : order != 0;
  if (relation == "~=") {
    return order >= 0 && IsBelow({bound.begin(), bound.end() - 1}, version);
  }
  return true;
}

}  // namespace

Result<std::vector<PythonInterpreter>> FindPythons(const std::string& chosen,
                                                   const std::vector<std::string>& environment,
                                                   std::stop_token stop) {
  std::vector<PythonInterpreter> pythons;
  if (!chosen.empty()) {
    MR_ASSIGN_OR_RETURN(pythons.emplace_back(), AskPython(chosen, environment, stop));
    return pythons;
  }
  for (const char* name : kNames) {
    auto python = AskPython(name, environment, stop);
    if (python.status().canceled()) return python.status();
    const bool known =
        !python.ok() || std::any_of(pythons.begin(), pythons.end(), [&](const auto& other) {
          return other.version == python->version;
        });
    if (!known) pythons.push_back(*std::move(python));
  }
  if (!pythons.empty()) return pythons;
  return ConfigError(
      "there is no Python on the PATH: install Python 3.11 or 3.10, which every connector takes");
}

bool PythonFits(std::string_view range, std::string_view version) {
  const std::vector<int> numbers = NumbersOf(version);
  while (!range.empty()) {
    const size_t comma = std::min(range.find(','), range.size());
    std::string_view part = range.substr(0, comma);
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    if (!PartFits(part, numbers)) return false;
    range.remove_prefix(std::min(comma + 1, range.size()));
  }
  return true;
}

std::string PythonsText(const std::vector<PythonInterpreter>& pythons) {
  std::string text;
  for (const PythonInterpreter& python : pythons) {
    text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", python.version, python.program);
  }
  return text;
}

}  // namespace millrace
