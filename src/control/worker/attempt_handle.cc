#include "control/worker/attempt_handle.h"

#include <poll.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <nlohmann/json.hpp>

#include "attempt/answer_message.h"
#include "attempt/child_start.h"
#include "base/deadline.h"
#include "base/file_io.h"
#include "base/secrets.h"
#include "control/worker/control_groups.h"
#include "subprocess/scratch_folder.h"

namespace millrace {
namespace {

constexpr auto kEndLimit = std::chrono::seconds(10);
/// Where the kernel can't wake us at the process's end, it is looked for so often.
constexpr auto kLookPause = std::chrono::milliseconds(500);

constexpr std::string_view kWhatToRaise =
    "the connection's resourceRequirements.memory_limit, or JOB_MAIN_CONTAINER_MEMORY_LIMIT for "
    "all";

}  // namespace

AttemptHandle::AttemptHandle(AttemptRecord record, AttemptFolder folder,
                             std::unique_ptr<JsonLineSocket> socket, Surroundings surroundings)
    : record_(std::move(record)),
      folder_(std::move(folder)),
      surroundings_(std::move(surroundings)),
      child_(socket != nullptr),
      process_(record_.process),
      slot_(surroundings_.listener.Expect(record_.id, record_.token)),
      socket_(std::move(socket)),
      ended_(process_.fd() < 0 && !process_.Running()) {}

AttemptHandle::~AttemptHandle() { surroundings_.listener.Forget(record_.id); }

void AttemptHandle::Adopt(std::unique_ptr<JsonLineSocket> socket) {
  socket_ = std::move(socket);
  lease_request_.reset();  // it will be sent again
  if (!command_.empty()) (void)socket_->Write(Json{{"command", command_}}).ok();
}

bool AttemptHandle::TakeLeaseRequest(const Json& message) {
  if (message.value("type", Json()) != Json("LEASE")) return false;
  lease_request_ = JsonValue(message);
  if (lease_until_) AnswerLeaseRequest();
  return true;
}

void AttemptHandle::AnswerLeaseRequest() {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      *lease_until_ - std::chrono::steady_clock::now());
  const int64_t for_ms = std::max<int64_t>(0, left.count());
  Answer(**lease_request_, Json{{"for_ms", for_ms}});
  lease_request_.reset();
}

void AttemptHandle::GrantLease(std::chrono::milliseconds span) {
  lease_until_ = std::chrono::steady_clock::now() + span;
  if (lease_request_) AnswerLeaseRequest();
}

Result<bool> AttemptHandle::Poll(int wake_fd, std::chrono::milliseconds limit, bool* woken) {
  pollfd waited[] = {{socket_ ? socket_->fd() : -1, POLLIN, 0},
                     {slot_->fd(), POLLIN, 0},
                     {ended_ ? -1 : process_.fd(), POLLIN, 0},
                     {wake_fd, POLLIN, 0}};
  const bool blind = !ended_ && process_.fd() < 0;
  if (blind) limit = std::min<std::chrono::milliseconds>(limit, kLookPause);
  if (ended_) limit = std::chrono::milliseconds(0);
  const int ready = ::poll(waited, std::size(waited), static_cast<int>(limit.count()));
  if (ready < 0 && errno != EINTR) return ErrnoError(errno, "waiting for an attempt");
  if (ready < 0) return true;
  // First of all: an attempt that talks without end must not keep a cancel waiting.
  *woken = waited[3].revents != 0;
  if (*woken) return false;
  if (waited[2].revents != 0 || (blind && !process_.Running())) {
    ended_ = true;
    return true;
  }
  if (waited[0].revents != 0) {
    MR_ASSIGN_OR_RETURN(const bool more, socket_->ReadSome());
    if (!more) socket_.reset();
    return true;
  }
  if (ended_ && socket_) {
    socket_.reset();  // a process that it left may hold the other end: nothing more will come
    return true;
  }
  return waited[1].revents != 0;
}

Result<AttemptHandle::Event> AttemptHandle::Wait(int wake_fd, std::chrono::milliseconds timeout) {
  const auto limit = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    while (socket_) {
      MR_ASSIGN_OR_RETURN(auto message, socket_->Next());
      if (!message) break;
      if (!TakeLeaseRequest(*message)) {
        return Event{EventKind::kMessage, JsonValue(*std::move(message))};
      }
    }
    if (auto called = slot_->Take()) {
      Adopt(std::move(called));
      continue;
    }
    if (ended_ && !socket_) return Event{EventKind::kEnded, {}};
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        limit - std::chrono::steady_clock::now());
    bool woken = false;
    MR_ASSIGN_OR_RETURN(const bool happened,
                        Poll(wake_fd, std::max(left, std::chrono::milliseconds(0)), &woken));
    if (happened) continue;
    if (woken) return Event{EventKind::kWake, {}};
    if (std::chrono::steady_clock::now() >= limit) return Event{EventKind::kTimeout, {}};
  }
}

void AttemptHandle::Answer(const Json& message, const Result<Json>& answer) {
  if (socket_) (void)socket_->Write(AnswerTo(message, answer)).ok();
}

void AttemptHandle::Command(std::string_view command) {
  command_ = command;
  if (socket_) (void)socket_->Write(Json{{"command", command}}).ok();
}

void AttemptHandle::Kill() {
  killed_ = true;
  process_.KillAll();
}

Status AttemptHandle::AwaitEnd() {
  const Deadline deadline = Deadline::After(kEndLimit);
  while (process_.Running() && !deadline.Passed()) {
    pollfd waited{process_.fd(), POLLIN, 0};
    ::poll(&waited, 1, 50);
  }
  return process_.Running() ? Status::Deadline() : Status::Ok();
}

std::optional<int> AttemptHandle::Reap() const {
  int status = 0;
  if (!child_ || ::waitpid(record_.process.pid, &status, WNOHANG) != record_.process.pid) {
    return std::nullopt;
  }
  return status;
}

AttemptEnding AttemptHandle::Explain(std::optional<int> wait_status) const {
  const MemoryEvidence& memory = surroundings_.memory;
  if (auto over = memory.OverLimit(kWhatToRaise)) return {*std::move(over), true};
  const bool signal_9 =
      wait_status && WIFSIGNALED(*wait_status) && WTERMSIG(*wait_status) == SIGKILL;
  if (killed_)
    return {TransientError("the attempt was killed: it was told to end and did not"), false};
  if (signal_9 || !child_) {
    if (auto ran_out = memory.MachineRanOut()) return {*std::move(ran_out), true};
  }
  if (record_.process.pid == 0) {
    return {TransientError("the server ended while it started the attempt"), false};
  }
  if (!wait_status) {
    return {TransientError("the attempt's process was gone when the server came back; how it ended "
                           "is not known; nothing that was saved is lost"),
            false};
  }
  const Status described = DescribeExit(*wait_status);
  Error error = described.error();
  if (signal_9) error.type = FailureType::kTransientError;
  error.internal = Secrets::Redact(folder_.LastWords());
  return {Status::Failed(std::move(error)), false};
}

AttemptEnding AttemptHandle::HowItEnded() {
  if (!AwaitEnd().ok()) {
    Kill();
    if (!AwaitEnd().ok()) {
      return {SystemError("process {} can't be killed", record_.process.pid), false};
    }
  }
  process_.KillAll();  // what it started, while its own id can't be another's yet
  AttemptEnding ending = Explain(Reap());
  ended_ = true;
  if (!record_.control_group.empty()) ControlGroups::Remove(record_.control_group);
  SweepScratchFolders(folder_.temporary());  // with what it ran in containers, had it to be killed
  folder_.Remove();
  return ending;
}

}  // namespace millrace
