#pragma once

#include <memory>

#include "attempt/json_line_socket.h"

namespace millrace {

/// For tests: how an attempt and its parent come by a channel between them.
class ChannelTransport {
 public:
  virtual ~ChannelTransport() = default;

  struct Ends {
    std::unique_ptr<JsonLineSocket> parent, attempt;
  };
  /// A new call; it ends the one before. From any thread.
  virtual Ends Connect() = 0;
};

using ChannelTransportFactory = std::unique_ptr<ChannelTransport> (*)();

}  // namespace millrace
