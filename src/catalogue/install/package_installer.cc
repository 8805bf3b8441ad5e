#include "catalogue/install/package_installer.h"

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/json_parsing.h"
#include "base/secrets.h"
#include "catalogue/install/pip_settings.h"
#include "subprocess/program_path.h"

namespace millrace {
namespace {

constexpr std::chrono::seconds kShort(120);
/// Of a whole installation: large ones download 200 MB; some build what has no wheel.
constexpr std::chrono::seconds kLong(45 * 60);

/// Prints what the metadata of a package say, as JSON.
constexpr const char* kInspection = R"(
import importlib.metadata, json, os, platform, sys
distribution = importlib.metadata.distribution(sys.argv[1])
print(json.dumps({
    "version": distribution.version,
    "requires_python": distribution.metadata.get("Requires-Python") or "",
    "python_version": platform.python_version(),
    "programs": sorted(os.listdir(os.path.dirname(sys.executable)))}))
)";

/// Addresses of indexes may hold passwords: they are struck from everything that is said.
void RegisterPasswordsOf(const std::vector<std::string>& environment) {
  for (const std::string& variable : environment) {
    for (size_t at = variable.find("://"); at != std::string::npos;
         at = variable.find("://", at + 3)) {
      const size_t end = std::min(variable.find_first_of("/ ,", at + 3), variable.size());
      const size_t sign = variable.rfind('@', end);
      const size_t colon = variable.find(':', at + 3);
      if (sign != std::string::npos && sign > colon && colon < end) {
        Secrets::Register(variable.substr(colon + 1, sign - colon - 1));
      }
    }
  }
}

}  // namespace

PackageInstaller::PackageInstaller(const Environment& environment, std::stop_token stop,
                                   std::function<void(std::string_view line)> on_line)
    : stop_(std::move(stop)), on_line_(std::move(on_line)), environment_(InstallerEnvironment()) {
  const auto pip_settings = PipSettings(environment);
  for (std::string& variable : UvVariables(pip_settings, environment)) {
    environment_.push_back(std::move(variable));
  }
  for (const auto& [name, value] :
       {std::pair("PIP_DISABLE_PIP_VERSION_CHECK", "1"), std::pair("PIP_NO_INPUT", "1"),
        std::pair("PIP_RETRIES", "2"), std::pair("UV_NO_PROGRESS", "1"),
        // Downloading an interpreter is another matter, from another host: not without being asked.
        std::pair("UV_PYTHON_DOWNLOADS", "never"), std::pair("NO_COLOR", "1")}) {
    if (!environment(name)) environment_.push_back(std::string(name) + "=" + value);
  }
  RegisterPasswordsOf(environment_);
  for (const auto& [name, value] : pip_settings) RegisterPasswordsOf({value});
  const auto uv = FindProgram("uv", environment_, "/");
  if (uv.ok()) uv_ = uv->string();
}

Result<std::vector<PythonInterpreter>> PackageInstaller::Pythons(const std::string& chosen) const {
  return FindPythons(chosen, environment_, stop_);
}

Result<ToolEnd> PackageInstaller::Run(std::vector<std::string> arguments,
                                      std::chrono::seconds limit) const {
  ToolCommand command;
  command.arguments = std::move(arguments);
  command.environment = environment_;
  command.folder = "/";
  command.limit = limit;
  command.on_line = on_line_;
  return RunTool(command, stop_);
}

Status PackageInstaller::MakeEnvironment(const PythonInterpreter& python,
                                         const std::filesystem::path& venv) const {
  const std::vector<std::string> arguments =
      uv_.empty()
          ? std::vector<std::string>{python.program, "-I", "-m", "venv", venv.string()}
          : std::vector<std::string>{uv_, "venv", "--python", python.program, venv.string()};
  MR_ASSIGN_OR_RETURN(const ToolEnd end, Run(arguments, kShort));
  if (end.exit.clean()) return Status::Ok();
  const std::string said = end.output + "\n" + end.exit.LastWords();
  const bool disk_full = said.find("No space left") != std::string::npos;
  if (!disk_full && said.find("ensurepip") != std::string::npos) {
    return ConfigError(
        "{} can make no environments: install its venv package (Debian: apt install "
        "python3-venv), or uv",
        python.program);
  }
  return InstallFailure({.connector = "a Python environment",
                         .package = "",
                         .version = python.version,
                         .folder = venv.string(),
                         .said = end.exit.LastWords()});
}

Result<std::optional<std::string>> PackageInstaller::Install(const std::filesystem::path& venv,
                                                             const std::string& pinned,
                                                             bool with_needs) const {
  const std::string python = venv / "bin" / "python";
  std::vector<std::string> arguments = {python, "-I", "-m", "pip", "install"};
  if (!uv_.empty()) arguments = {uv_, "pip", "install", "--python", python};
  if (!with_needs) arguments.push_back("--no-deps");
  arguments.push_back(pinned);
  MR_ASSIGN_OR_RETURN(const ToolEnd end, Run(std::move(arguments), kLong));
  if (end.exit.clean()) return std::optional<std::string>();
  return std::optional(end.exit.LastWords().empty() ? end.exit.ToString() : end.exit.LastWords());
}

Result<InstalledPackage> PackageInstaller::Inspect(const std::filesystem::path& venv,
                                                   const std::string& package) const {
  const std::string python = venv / "bin" / "python";
  MR_ASSIGN_OR_RETURN(const ToolEnd end, Run({python, "-I", "-c", kInspection, package}, kShort));
  const Json json = ParseJson(end.output);
  if (!end.exit.clean() || !json.is_object()) {
    return SystemError("looking at the installed {}: {} {}", package, end.exit.ToString(),
                       end.exit.LastWords());
  }
  return InstalledPackage{json.at("version").get<std::string>(),
                          json.at("requires_python").get<std::string>(),
                          json.at("python_version").get<std::string>(),
                          json.at("programs").get<std::vector<std::string>>()};
}

}  // namespace millrace
