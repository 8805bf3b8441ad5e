#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "attempt/testing/channel_transport.h"

namespace millrace {

/// For tests: two sockets of this machine.
class SocketTransport : public ChannelTransport {
 public:
  static std::unique_ptr<ChannelTransport> Make() { return std::make_unique<SocketTransport>(); }

  Ends Connect() override {
    int fds[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    return {std::make_unique<JsonLineSocket>(fds[0]), std::make_unique<JsonLineSocket>(fds[1])};
  }
};

}  // namespace millrace
