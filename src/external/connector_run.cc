#include "external/connector_run.h"

#include <algorithm>

#include "external/connector_launch.h"
#include "subprocess/container_note.h"

namespace millrace {
namespace {

constexpr int64_t kReadBytes = 256 << 10;
/// How long a program may take to end once its output did, and once it is asked to.
constexpr std::chrono::seconds kEndLimit(60);
constexpr std::chrono::milliseconds kStopGrace(800);
/// How long a write waits before it looks around.
constexpr std::chrono::milliseconds kWriteTick(100);

std::string SpanText(std::chrono::milliseconds span) {
  if (span >= std::chrono::minutes(2))
    return fmt::format("{} minutes", span / std::chrono::minutes(1));
  return fmt::format("{:g} seconds", std::chrono::duration<double>(span).count());
}

}  // namespace

Result<std::unique_ptr<ConnectorRun>> ConnectorRun::Start(const ConnectorCommand& command,
                                                          const std::string& task,
                                                          const std::vector<ConnectorFile>& files,
                                                          Input input) {
  MR_ASSIGN_OR_RETURN(ScratchFolder folder, ScratchFolder::Make());
  std::unique_ptr<ConnectorRun> run(new ConnectorRun(std::move(folder), command.stall));
  MR_ASSIGN_OR_RETURN(ConnectorLaunch launch,
                      PrepareLaunch(command, task, files, run->folder_.path()));
  run->removal_ = std::move(launch.removal);
  if (!run->removal_.empty()) {
    MR_RETURN_IF_ERROR(run->folder_.NoteContainer(run->removal_.front(), run->removal_.back()));
  }
  MR_ASSIGN_OR_RETURN(run->child_, ChildProcess::Start(launch.child));
  if (input == Input::kNone) run->CloseInput();
  return run;
}

ConnectorRun::~ConnectorRun() {
  // The engine removes a container that ended by itself.
  if (child_ == nullptr || removal_.empty() || (ended_ && exit_.clean())) return;
  child_.reset();
  RemoveContainer(removal_);
}

Status ConnectorRun::Write(std::string_view text, std::stop_token stop) {
  const std::lock_guard lock(input_mutex_);
  SteadyTime last_sign = std::chrono::steady_clock::now();
  while (!text.empty()) {
    if (ending_) return Status::Canceled();
    const auto put = child_->Write(text, Deadline::After(kWriteTick), stop);
    const SteadyTime now = std::chrono::steady_clock::now();
    if (put.ok()) {
      text.remove_prefix(static_cast<size_t>(*put));
      last_sign = now;
    } else if (put.status().code() != StatusCode::kDeadline) {
      return put.status();
    } else if (now - std::max(last_sign, last_read_.load()) >= stall_) {
      return TransientError(
          "the connector has neither read its input nor printed anything for {}; it was stopped",
          SpanText(stall_));
    }
  }
  return Status::Ok();
}

void ConnectorRun::CloseInput() {
  const std::lock_guard lock(input_mutex_);
  child_->CloseInput();
  input_open_ = false;
}

Status ConnectorRun::Read(const TakeOutput& take, std::stop_token stop) {
  const Status read = ReadToEnd(take, stop);
  if (!read.ok()) {
    exit_ = End();
    return read;
  }
  const auto ended = child_->Wait(Deadline::After(kEndLimit), stop);
  ended_ = ended.ok();
  exit_ = ended.ok() ? *ended : End();
  if (ended.ok() || ended.status().canceled()) return ended.status();
  return TransientError("the connector closed its output but did not end within {}; it was stopped",
                        SpanText(kEndLimit));
}

Status ConnectorRun::ReadToEnd(const TakeOutput& take, const std::stop_token& stop) {
  std::string chunk(kReadBytes, '\0');
  for (;;) {
    int64_t got = 0;
    MR_RETURN_IF_ERROR(AwaitOutput(chunk.data(), &got, stop));
    if (got == 0) return Status::Ok();
    last_read_ = std::chrono::steady_clock::now();
    MR_RETURN_IF_ERROR(take(std::string_view(chunk.data(), static_cast<size_t>(got))));
  }
}

/// One that still gets input may have nothing to say: then Write looks after it.
Status ConnectorRun::AwaitOutput(char* out, int64_t* got, const std::stop_token& stop) {
  for (;;) {
    const bool may_be_silent = input_open_;
    const auto read = child_->Read(out, kReadBytes, Deadline::After(stall_), stop);
    if (read.ok()) *got = *read;
    if (read.status().code() != StatusCode::kDeadline) return read.status();
    if (may_be_silent) continue;
    return TransientError("the connector printed nothing for {}; it was stopped", SpanText(stall_));
  }
}

ChildExit ConnectorRun::End() {
  ending_ = true;
  const std::lock_guard lock(input_mutex_);
  return child_->Stop(kStopGrace);
}

}  // namespace millrace
