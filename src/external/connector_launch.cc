#include "external/connector_launch.h"

#include <sys/stat.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "base/file_io.h"
#include "base/log.h"
#include "subprocess/confinement.h"
#include "subprocess/container_engine.h"

namespace millrace {
namespace {

std::string FileName(const ConnectorFile& file) { return file.option.substr(2) + ".json"; }

Status WriteFiles(const std::vector<ConnectorFile>& files, const std::filesystem::path& folder,
                  unsigned mode) {
  for (const ConnectorFile& file : files) {
    MR_RETURN_IF_ERROR(WriteFileAtomically(
        folder / FileName(file), file.content->dump(-1, ' ', false, Json::error_handler_t::replace),
        mode));
  }
  return Status::Ok();
}

/// "read --config FOLDER/config.json …".
std::vector<std::string> TaskArguments(const std::string& task,
                                       const std::vector<ConnectorFile>& files,
                                       const std::filesystem::path& folder) {
  std::vector<std::string> arguments = {task};
  for (const ConnectorFile& file : files) {
    arguments.push_back(file.option);
    arguments.push_back(folder / FileName(file));
  }
  return arguments;
}

std::vector<std::string> VariablesOf(const ConnectorCommand& command) {
  std::vector<std::string> variables;
  for (const auto& [name, value] : command.environment) variables.push_back(name + "=" + value);
  return variables;
}

/// Whatever the umask is.
Status MakeReadableFolder(const std::filesystem::path& folder) {
  if (::mkdir(folder.c_str(), 0755) == 0 && ::chmod(folder.c_str(), 0755) == 0) {
    return Status::Ok();
  }
  return ErrnoError(errno, "making " + folder.string());
}

Result<ConnectorLaunch> PrepareContainer(const ConnectorCommand& command, const std::string& task,
                                         const std::vector<ConnectorFile>& files,
                                         const std::filesystem::path& folder) {
  const std::filesystem::path input = folder / "input";
  MR_RETURN_IF_ERROR(MakeReadableFolder(input));
  MR_RETURN_IF_ERROR(WriteFiles(files, input, 0644));
  const std::string name = NewContainerName(task);
  ConnectorLaunch launch;
  launch.child.arguments =
      ContainerCommandLine({.engine = command.arguments,
                            .image = command.image,
                            .name = name,
                            .folder = input,
                            .variables = VariablesOf(command),
                            .memory_bytes = command.limits.memory_bytes,
                            .cpu_millicores = command.limits.cpu_millicores,
                            .arguments = TaskArguments(task, files, kContainerFolder)});
  launch.child.environment = EngineEnvironment();
  launch.removal = ContainerRemoval(command.arguments.at(0), name);
  return launch;
}

}  // namespace

Result<ConnectorLaunch> PrepareLaunch(const ConnectorCommand& command, const std::string& task,
                                      const std::vector<ConnectorFile>& files,
                                      const std::filesystem::path& folder) {
  ConnectorLaunch launch;
  if (!command.image.empty()) {
    MR_ASSIGN_OR_RETURN(launch, PrepareContainer(command, task, files, folder));
  } else {
    MR_RETURN_IF_ERROR(WriteFiles(files, folder, 0600));
    launch.child.arguments = command.arguments;
    const std::vector<std::string> arguments = TaskArguments(task, files, folder);
    launch.child.arguments.insert(launch.child.arguments.end(), arguments.begin(), arguments.end());
    launch.child.limits = command.limits;
    launch.child.environment = ConfinedEnvironment(folder);
    for (std::string& variable : VariablesOf(command)) {
      launch.child.environment.push_back(std::move(variable));
    }
  }
  launch.child.folder = command.folder;
  launch.child.on_error_line = [](std::string_view line) { Log(LogLevel::kInfo, "{}", line); };
  return launch;
}

}  // namespace millrace
