#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "attempt/attempt_channel.h"
#include "attempt/testing/channel_transport.h"
#include "attempt/testing/heard_commands.h"

namespace millrace {

/// For tests: a channel over the transport that the suite is instantiated with, and the parent's
/// end as a bare socket.
class ChannelFixture : public ::testing::TestWithParam<ChannelTransportFactory> {
 protected:
  /// A new channel; with `redial` it calls again when it is lost.
  void Open(std::optional<AttemptChannel::Redial> redial = std::nullopt) {
    auto [parent, attempt] = transport_->Connect();
    parent_ = std::move(parent);
    channel_ = std::make_unique<AttemptChannel>(
        std::move(attempt), [this](std::string_view command) { commands_.Hear(command); },
        std::move(redial));
  }

  /// What the attempt sent next.
  Json Sent() {
    const auto message = parent_->Read();
    EXPECT_TRUE(message.ok() && *message);
    return **message;
  }

  static constexpr auto kLongEnough = std::chrono::seconds(30);

  const std::unique_ptr<ChannelTransport> transport_ = GetParam()();
  HeardCommands commands_;
  std::unique_ptr<JsonLineSocket> parent_;
  std::unique_ptr<AttemptChannel> channel_;
};

}  // namespace millrace
