#pragma once

#include <atomic>
#include <memory>
#include <string_view>

#include "attempt/json_line_socket.h"
#include "base/clock.h"
#include "base/result.h"
#include "server/http/http_message.h"

namespace millrace {

/// The HTTP side of one attempt's call: bytes of requests go into a pair of sockets, what comes out
/// of it becomes a reply. Lives as long as the reply; one thread at a time on each way.
class CarriedCall {
 public:
  /// The call, and the end for whoever serves the attempt.
  static Result<std::pair<std::shared_ptr<CarriedCall>, std::unique_ptr<JsonLineSocket>>> Make();
  ~CarriedCall();
  CarriedCall(const CarriedCall&) = delete;
  CarriedCall& operator=(const CarriedCall&) = delete;

  /// Hands on what the attempt sent. Blocks for ten seconds at most. False: the call is over.
  bool Put(std::string_view bytes);
  /// What the worker has sent; an empty line after five seconds of silence, so that both sides
  /// notice when the other one is gone. The last one once the worker has hung up.
  HttpPiece Next();

 private:
  explicit CarriedCall(int fd) : fd_(fd) {}

  const int fd_;
  std::atomic<SteadyTime> last_put_{SteadyTime()};
  SteadyTime last_piece_ = std::chrono::steady_clock::now();  // of Next, like all below
  bool at_line_start_ = true;
};

}  // namespace millrace
