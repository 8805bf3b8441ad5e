#include "external/connector_run.h"

#include <nlohmann/json.hpp>

#include "base/file_io.h"
#include "base/log.h"
#include "subprocess/confinement.h"

namespace millrace {
namespace {

constexpr int64_t kReadBytes = 1 << 20;
/// How long a program may take to end once its output did, and once it is asked to.
constexpr std::chrono::seconds kEndLimit(60);
constexpr std::chrono::milliseconds kStopGrace(800);

std::string SpanText(std::chrono::milliseconds span) {
  if (span >= std::chrono::minutes(2))
    return fmt::format("{} minutes", span / std::chrono::minutes(1));
  return fmt::format("{:g} seconds", std::chrono::duration<double>(span).count());
}

}  // namespace

Result<std::unique_ptr<ConnectorRun>> ConnectorRun::Start(const ConnectorCommand& command,
                                                          const std::string& task,
                                                          const std::vector<ConnectorFile>& files) {
  MR_ASSIGN_OR_RETURN(ScratchFolder folder, ScratchFolder::Make());
  std::unique_ptr<ConnectorRun> run(new ConnectorRun(std::move(folder), command.stall));
  MR_ASSIGN_OR_RETURN(const std::vector<std::string> options, run->WriteFiles(files));
  ChildCommand child;
  child.arguments = command.arguments;
  child.arguments.push_back(task);
  child.arguments.insert(child.arguments.end(), options.begin(), options.end());
  child.environment = ConfinedEnvironment(run->folder_.path());
  for (const auto& [name, value] : command.environment) {
    child.environment.push_back(name + "=" + value);
  }
  child.folder = command.folder;
  child.on_error_line = [](std::string_view line) { Log(LogLevel::kInfo, "{}", line); };
  MR_ASSIGN_OR_RETURN(run->child_, ChildProcess::Start(child));
  run->child_->CloseInput();
  return run;
}

Result<std::vector<std::string>> ConnectorRun::WriteFiles(
    const std::vector<ConnectorFile>& files) const {
  std::vector<std::string> options;
  for (const ConnectorFile& file : files) {
    const std::filesystem::path path = folder_.path() / (file.option.substr(2) + ".json");
    MR_RETURN_IF_ERROR(WriteFileAtomically(
        path, file.content->dump(-1, ' ', false, Json::error_handler_t::replace), 0600));
    options.push_back(file.option);
    options.push_back(path.string());
  }
  return options;
}

Status ConnectorRun::Read(const TakeOutput& take, std::stop_token stop) {
  const Status read = ReadToEnd(take, stop);
  if (!read.ok()) {
    exit_ = child_->Stop(kStopGrace);
    return read;
  }
  const auto ended = child_->Wait(Deadline::After(kEndLimit), stop);
  exit_ = ended.ok() ? *ended : child_->Stop(kStopGrace);
  if (ended.ok() || ended.status().canceled()) return ended.status();
  return TransientError("the connector closed its output but did not end within {}; it was stopped",
                        SpanText(kEndLimit));
}

Status ConnectorRun::ReadToEnd(const TakeOutput& take, const std::stop_token& stop) {
  std::string chunk(kReadBytes, '\0');
  for (;;) {
    const auto got = child_->Read(chunk.data(), kReadBytes, Deadline::After(stall_), stop);
    if (got.status().code() == StatusCode::kDeadline) {
      return TransientError("the connector printed nothing for {}; it was stopped",
                            SpanText(stall_));
    }
    MR_RETURN_IF_ERROR(got.status());
    if (*got == 0) return Status::Ok();
    MR_RETURN_IF_ERROR(take(std::string_view(chunk.data(), static_cast<size_t>(*got))));
  }
}

}  // namespace millrace
