#include "catalogue/install/tool_run.h"

#include <mutex>

#include "subprocess/child_process.h"

namespace millrace {
namespace {

constexpr size_t kOutputMax = 16 << 20;
constexpr std::chrono::milliseconds kStopGrace(2000);

/// Reads all that it prints; its lines go to `lines` too.
Status ReadAll(ChildProcess& child, LastLines& lines, std::string* output, Deadline deadline,
               const std::stop_token& stop) {
  std::string chunk(64 << 10, '\0');
  for (;;) {
    MR_ASSIGN_OR_RETURN(
        const int64_t got,
        child.Read(chunk.data(), static_cast<int64_t>(chunk.size()), deadline, stop));
    if (got == 0) break;
    const std::string_view text(chunk.data(), static_cast<size_t>(got));
    output->append(text.substr(0, kOutputMax - output->size()));
    lines.Append(text);
  }
  lines.End();
  return Status::Ok();
}

}  // namespace

Result<ToolEnd> RunTool(const ToolCommand& command, std::stop_token stop) {
  std::mutex mutex;  // its two outputs are read by two threads
  const auto take_line = [&](std::string_view line) {
    if (!command.on_line) return;
    const std::lock_guard lock(mutex);
    command.on_line(line);
  };
  const Deadline deadline = Deadline::After(command.limit);
  ChildCommand child_command;
  child_command.arguments = command.arguments;
  child_command.environment = command.environment;
  child_command.folder = command.folder;
  child_command.on_error_line = take_line;
  MR_ASSIGN_OR_RETURN(const auto child, ChildProcess::Start(child_command));
  child->CloseInput();
  LastLines lines(take_line);
  ToolEnd end;
  const Status read = ReadAll(*child, lines, &end.output, deadline, stop);
  auto exit = read.ok() ? child->Wait(deadline, stop) : Result<ChildExit>(read);
  if (exit.ok()) {
    end.exit = *std::move(exit);
    return end;
  }
  child->Stop(kStopGrace);
  if (exit.status().code() != StatusCode::kDeadline) return exit.status();
  return TransientError("{} took longer than {} s and was stopped",
                        std::filesystem::path(command.arguments[0]).filename().string(),
                        command.limit.count());
}

}  // namespace millrace
