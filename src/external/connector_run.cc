#include "external/connector_run.h"

#include "external/connector_launch.h"

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
  MR_ASSIGN_OR_RETURN(ConnectorLaunch launch,
                      PrepareLaunch(command, task, files, run->folder_.path()));
  run->removal_ = std::move(launch.removal);
  MR_ASSIGN_OR_RETURN(run->child_, ChildProcess::Start(launch.child));
  run->child_->CloseInput();
  return run;
}

ConnectorRun::~ConnectorRun() {
  // The engine removes a container that ended by itself.
  if (child_ == nullptr || removal_.empty() || (ended_ && exit_.clean())) return;
  child_.reset();
  RemoveContainer(removal_);
}

Status ConnectorRun::Read(const TakeOutput& take, std::stop_token stop) {
  const Status read = ReadToEnd(take, stop);
  if (!read.ok()) {
    exit_ = child_->Stop(kStopGrace);
    return read;
  }
  const auto ended = child_->Wait(Deadline::After(kEndLimit), stop);
  ended_ = ended.ok();
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
