#include "subprocess/container_engine.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "base/uuid.h"
#include "subprocess/confinement.h"
#include "subprocess/program_path.h"

namespace millrace {
namespace {

constexpr const char* kEngines[] = {"docker", "podman"};

/// Variables by which engines find their service, their registries' credentials and, without root,
/// their own state.
constexpr std::string_view kEngineVariables[] = {"HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME",
                                                 "XDG_DATA_HOME", "DBUS_SESSION_BUS_ADDRESS"};
constexpr std::string_view kEnginePrefixes[] = {"DOCKER_", "CONTAINER", "PODMAN_", "REGISTRY_AUTH"};

bool IsForTheEngine(std::string_view name) {
  return std::find(std::begin(kEngineVariables), std::end(kEngineVariables), name) !=
             std::end(kEngineVariables) ||
         std::any_of(std::begin(kEnginePrefixes), std::end(kEnginePrefixes),
                     [&](std::string_view prefix) { return name.starts_with(prefix); });
}

}  // namespace

Result<std::filesystem::path> FindContainerEngine(const Environment& environment) {
  const std::vector<std::string> path = {"PATH=" + environment("PATH").value_or("")};
  const std::string chosen = environment("MILLRACE_CONTAINER_ENGINE").value_or("");
  if (!chosen.empty()) {
    std::error_code ignored;
    auto found = FindProgram(chosen, path, std::filesystem::current_path(ignored));
    return found.ok() ? found
                      : found.status().WithContext("the engine of MILLRACE_CONTAINER_ENGINE");
  }
  for (const char* engine : kEngines) {
    auto found = FindProgram(engine, path, "/");
    if (found.ok()) return found;
  }
  return ConfigError(
      "it runs in a container, and neither docker nor podman is on the PATH: install one of them, "
      "or name another by MILLRACE_CONTAINER_ENGINE");
}

std::vector<std::string> ContainerCommandLine(const ContainerRun& run) {
  std::vector<std::string> line = {run.engine.at(0), "run",   "--rm", "--init", "-i",
                                   "--name",         run.name};
  line.insert(line.end(), run.engine.begin() + 1, run.engine.end());
  line.insert(line.end(), {"-v", fmt::format("{}:{}:ro", run.folder.string(), kContainerFolder)});
  if (run.memory_bytes > 0) line.push_back(fmt::format("--memory={}", run.memory_bytes));
  if (run.cpu_millicores > 0) {
    line.push_back(
        fmt::format("--cpus={}.{:03}", run.cpu_millicores / 1000, run.cpu_millicores % 1000));
  }
  for (const std::string& variable : run.variables) line.insert(line.end(), {"-e", variable});
  line.push_back(run.image);
  line.insert(line.end(), run.arguments.begin(), run.arguments.end());
  return line;
}

std::vector<std::string> ContainerRemoval(const std::string& engine, const std::string& name) {
  return {engine, "rm", "--force", name};
}

std::vector<std::string> EngineEnvironment() {
  std::vector<std::string> environment = ConfinedEnvironment("/");
  std::erase_if(environment, [](const std::string& variable) {
    return variable.starts_with("HOME=") || variable.starts_with("TMPDIR=");
  });
  for (char** variable = ::environ; *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    if (IsForTheEngine(text.substr(0, text.find('=')))) environment.emplace_back(text);
  }
  return environment;
}

std::string NewContainerName(const std::string& task) {
  return kContainerPrefix + task + "-" + RandomUuid();
}

}  // namespace millrace
