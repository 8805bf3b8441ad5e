#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "attempt/json_line_socket.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "control/worker/attempt_folder.h"
#include "control/worker/attempt_listener.h"
#include "control/worker/limit_keeper.h"
#include "control/worker/tracked_process.h"
#include "protocol/json_field.h"

namespace millrace {

/// How an attempt's process ended.
struct AttemptEnding {
  /// Why there was no result: one line for a person. For an attempt that gave its RESULT or FAILURE
  /// before it ended, it is of no interest.
  Status status;
  /// It was killed because it used more than its memory limit, or because the machine had none
  /// left. `status` says which, and what to raise.
  bool out_of_memory = false;
};

/// A worker's hold on one attempt, which it started or found again after a restart: the messages
/// that come from it, and its process. Made by AttemptLauncher, which outlives it. One thread.
///
/// Messages from the attempt (see AttemptChannel): LOG and PROGRESS are told. STATE, CATALOG,
/// RESULT and FAILURE are asked: whoever stores them calls Answer afterwards, the last two with an
/// empty value; the attempt ends once it has that answer. An attempt that lost its channel sends
/// what was not answered again, as it was: answering must be idempotent. A STATE names its
/// `checkpoint`: one that is not greater than the attempt's last one is stored already. A second
/// RESULT of an attempt is only answered.
///
/// A channel that breaks while the process lives is no event: Wait goes on, and the messages come
/// when the attempt has called again (within 300 s, or it ends).
///
/// Destroying the handle leaves the attempt running: another process finds it again.
class AttemptHandle {
 public:
  ~AttemptHandle();
  AttemptHandle(const AttemptHandle&) = delete;
  AttemptHandle& operator=(const AttemptHandle&) = delete;

  const AttemptId& id() const { return record_.id; }
  /// False while the attempt is out of touch: it lost its channel, or was found again and has not
  /// called yet.
  bool connected() const { return socket_ != nullptr; }

  enum class EventKind {
    kMessage,  ///< take it, and Answer it when it asks
    kWake,     ///< the wake descriptor is readable
    kTimeout,
    kEnded  ///< the process is gone, and all that it sent was taken
  };
  struct Event {
    EventKind kind;
    JsonValue message;  ///< kMessage
  };
  /// Waits for the next message, for `wake_fd` to become readable (-1: none), for the end, or for
  /// the time to pass. The attempt's requests for its lease are answered in here: call it again
  /// within a few seconds. Fails when the attempt sends what is no message: kill it then.
  Result<Event> Wait(int wake_fd, std::chrono::milliseconds timeout);

  /// Answers a message that asked. When the attempt is out of touch, nothing happens: it will ask
  /// again.
  void Answer(const Json& message, const Result<Json>& answer);
  /// "finish" (commit what is complete, then end) or "cancel" (abandon it). Sent again when an
  /// attempt out of touch calls.
  void Command(std::string_view command);

  /// The attempt may begin commits for so long from now. Call it every 10 s with 60 s, each time
  /// after the store's lease was renewed; never for an attempt whose lease was lost. Before the
  /// first call it commits nothing.
  void GrantLease(std::chrono::milliseconds span);

  /// Kills the process and all that it started, at once.
  void Kill();

  /// After kEnded, or after Kill: waits for the process's end (10 s at most, then kills it),
  /// removes what it left (its temporary folder, its cgroup) and says how it ended. A process that
  /// this one did not start leaves no exit status: the text says so.
  AttemptEnding HowItEnded();

 private:
  friend class AttemptLauncher;
  /// What the launcher lends it.
  struct Surroundings {
    AttemptListener& listener;
    MemoryEvidence memory;
  };
  AttemptHandle(AttemptRecord record, AttemptFolder folder, std::unique_ptr<JsonLineSocket> socket,
                Surroundings surroundings);

  void Adopt(std::unique_ptr<JsonLineSocket> socket);
  /// Takes the message when it asks for the lease.
  bool TakeLeaseRequest(const Json& message);
  void AnswerLeaseRequest();
  /// Waits for something to happen. False: nothing did.
  Result<bool> Poll(int wake_fd, std::chrono::milliseconds limit, bool* woken);
  Status AwaitEnd();
  std::optional<int> Reap() const;
  AttemptEnding Explain(std::optional<int> wait_status) const;

  const AttemptRecord record_;
  const AttemptFolder folder_;
  const Surroundings surroundings_;
  const bool child_;  ///< of this process
  TrackedProcess process_;
  std::shared_ptr<CallSlot> slot_;
  std::unique_ptr<JsonLineSocket> socket_;  ///< null while it is out of touch
  bool ended_ = false;                      ///< the process is gone
  bool killed_ = false;
  std::string command_;                     ///< the last one
  std::optional<SteadyTime> lease_until_;   ///< empty: never granted
  std::optional<JsonValue> lease_request_;  ///< waits for the first grant
};

}  // namespace millrace
