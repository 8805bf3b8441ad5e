#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "attempt/json_line_socket.h"
#include "base/json.h"
#include "base/result.h"
#include "control/worker/attempt_id.h"

namespace millrace {

/// Where the channel of an attempt that called again waits for whoever serves the attempt.
/// Thread-safe.
class CallSlot {
 public:
  CallSlot();
  ~CallSlot();
  CallSlot(const CallSlot&) = delete;
  CallSlot& operator=(const CallSlot&) = delete;

  /// Readable while a channel waits.
  int fd() const { return fd_; }
  /// The newest call; an older one that nobody took is closed.
  void Put(std::unique_ptr<JsonLineSocket> socket);
  /// Null when nobody has called.
  std::unique_ptr<JsonLineSocket> Take();

 private:
  int fd_;
  std::mutex mutex_;
  std::unique_ptr<JsonLineSocket> socket_;  // guarded by mutex_
};

/// Listens on a socket (mode 0600) for attempts that have lost their channel, makes sure that each
/// is who it says (the token, compared in constant time; the same user), and hands its channel on.
/// Owned by the launcher; thread-safe, with a thread of its own.
class AttemptListener {
 public:
  /// Replaces the socket that an earlier process left.
  static Result<std::unique_ptr<AttemptListener>> Open(const std::filesystem::path& path);
  ~AttemptListener();

  /// From now on the attempt's calls are let in: its slot.
  std::shared_ptr<CallSlot> Expect(AttemptId id, std::string token);
  /// Its calls are turned away from now on.
  void Forget(AttemptId id);
  bool expects(AttemptId id) const;
  /// Where the call of who says to be that attempt goes; null when it isn't, or is not expected.
  std::shared_ptr<CallSlot> Admit(AttemptId id, const std::string& token) const;

 private:
  struct Expected {
    std::string token;
    std::shared_ptr<CallSlot> slot;
  };

  AttemptListener(int listening, int waking);
  void Listen(const std::stop_token& stop);
  void Receive(int fd);
  std::shared_ptr<CallSlot> SlotOf(const Json& hello) const;

  const int listening_;
  const int waking_;
  mutable std::mutex mutex_;
  std::map<AttemptId, Expected> expected_;  // guarded by mutex_
  std::jthread thread_;
};

}  // namespace millrace
