#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "attempt/channel_backlog.h"
#include "attempt/json_line_socket.h"
#include "base/deadline.h"
#include "base/json.h"
#include "base/result.h"

namespace millrace {

/// The attempt's end of the channel to its parent: the process that started it, or, for an attempt
/// that outlives that one, the next.
///
/// Each message is a JSON line {"seq": N, "type": …}: LOG and PROGRESS are only told; STATE,
/// CATALOG and LEASE are asked, and answered once the parent has stored what they hold: {"answer":
/// N, "value": …} or {"answer": N, "error": …}. RESULT or FAILURE is the last one. The parent sends
/// {"command": "finish"} (commit what you can, then end) and {"command": "cancel"}. Thread-safe.
///
/// A channel that can call its parent again survives a break: asks wait and are sent again under
/// their numbers, what is told is kept within bounds, and the last message is asked too, so that
/// no result is lost.
class AttemptChannel {
 public:
  /// Hears commands ("finish", "cancel"), "away" and "back" (the parent can't be reached, can be
  /// reached again), and the end of the channel ("closed": the parent is gone). Called from the
  /// channel's own thread; must not block.
  using CommandListener = std::function<void(std::string_view command)>;

  /// How to find the parent after a break. The defaults are the product's.
  struct Redial {
    /// A new socket on which the parent knows who we are. Blocks for some seconds at most.
    std::function<Result<std::unique_ptr<JsonLineSocket>>()> call;
    std::chrono::milliseconds limit = std::chrono::seconds(300);  ///< then it is gone
    std::chrono::milliseconds pause = std::chrono::seconds(1);    ///< between two calls
  };

  /// Takes over what is left on the socket after the start document. Without `redial` the channel
  /// is closed once it breaks.
  AttemptChannel(std::unique_ptr<JsonLineSocket> socket, CommandListener on_command,
                 std::optional<Redial> redial = std::nullopt);
  ~AttemptChannel();

  /// Sends and forgets; keeps it while the parent is away. Fails when the channel is closed.
  Status Tell(Json message);
  /// Sends, waits for the answer, and returns its value. `limit` counts while the parent can be
  /// reached. kCanceled when the channel closes or the limit passes: without its parent an attempt
  /// must not go on.
  Result<Json> Ask(Json message, std::chrono::milliseconds limit);
  /// Sends RESULT or FAILURE; where a break can be survived, waits until the parent has it.
  Status TellLast(Json message);

  /// The parent is of no use any more: closes the channel for good.
  void Close();

 private:
  using SocketPtr = std::shared_ptr<JsonLineSocket>;
  struct Pending {
    JsonValue message;
    std::optional<JsonValue> answer;
  };

  void Listen(const std::stop_token& stop);
  void TakeMessages(JsonLineSocket& socket);
  void TakeAnswer(const Json& message);
  /// Calls until the parent answers. False: it is gone.
  bool CallAgain(const std::stop_token& stop);
  void SendWhatWaits(SocketPtr socket, const std::stop_token& stop);
  Json Numbered(Json message);  // requires mutex_
  bool AwaitAnswer(std::unique_lock<std::mutex>& lock, int64_t seq,
                   std::chrono::milliseconds limit);

  CommandListener on_command_;
  const std::optional<Redial> redial_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  // Guarded by mutex_:
  SocketPtr socket_;  // null while the parent is away
  SteadyTime connected_since_ = std::chrono::steady_clock::now();
  int64_t last_seq_ = 0;
  std::map<int64_t, Pending> pending_;  // asks by number
  ChannelBacklog backlog_;
  bool closed_ = false;
  std::jthread listener_;
};

}  // namespace millrace
