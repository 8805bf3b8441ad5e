#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "attempt/json_line_socket.h"
#include "base/deadline.h"
#include "base/json.h"
#include "base/result.h"

namespace millrace {

/// The attempt's end of the channel to the process that started it.
///
/// Each message is a JSON line {"seq": N, "type": …}: LOG and PROGRESS are only told; STATE and
/// CATALOG are asked, and answered once the parent has stored what they hold: {"answer": N,
/// "value": …} or {"answer": N, "error": …}. RESULT or FAILURE is the last one. The parent sends
/// {"command": "finish"} (commit what you can, then end) and {"command": "cancel"}. Thread-safe.
class AttemptChannel {
 public:
  /// Hears commands ("finish", "cancel") and the end of the channel ("closed": the parent is gone).
  /// Called from the channel's own thread; must not block.
  using CommandListener = std::function<void(std::string_view command)>;

  /// Takes over what is left on the socket after the start document.
  AttemptChannel(std::unique_ptr<JsonLineSocket> socket, CommandListener on_command);
  ~AttemptChannel();

  /// Sends and forgets.
  Status Tell(Json message);
  /// Sends, waits for the answer, and returns its value. kCanceled when the channel closes or the
  /// deadline passes: without its parent an attempt must not go on.
  Result<Json> Ask(Json message, Deadline deadline);

 private:
  void Listen();
  void TakeAnswer(const Json& message);

  std::unique_ptr<JsonLineSocket> socket_;
  CommandListener on_command_;
  std::mutex mutex_;
  std::condition_variable answered_;
  int64_t last_seq_ = 0;                             // guarded by mutex_
  std::map<int64_t, std::optional<Json>> expected_;  // guarded by mutex_; answers by seq
  bool closed_ = false;                              // guarded by mutex_
  std::jthread listener_;
};

}  // namespace millrace
