#pragma once

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "attempt/config_change.h"
#include "attempt/testing/channel_fixture.h"

namespace millrace {

/// What a channel does, over whatever transport the suite is instantiated with.
class AttemptChannelTest : public ChannelFixture {
 protected:
  AttemptChannelTest() { Open(); }
};

TEST_P(AttemptChannelTest, AsksAndIsAnswered) {
  std::jthread parent([this] {
    const Json first = Sent();
    EXPECT_EQ(first["type"], Json("STATE"));
    // An answer to something else changes nothing.
    ASSERT_TRUE(parent_->Write({{"answer", 999}, {"value", 1}}).ok());
    ASSERT_TRUE(parent_->Write({{"answer", first["seq"]}, {"value", {{"saved", true}}}}).ok());
    const Json second = Sent();
    EXPECT_GT(second["seq"].get<int>(), first["seq"].get<int>());
    ASSERT_TRUE(parent_
                    ->Write({{"answer", second["seq"]},
                             {"error", {{"type", "config_error"}, {"message", "disk full"}}}})
                    .ok());
  });
  const auto answer = channel_->Ask({{"type", "STATE"}}, kLongEnough);
  ASSERT_TRUE(answer.ok()) << answer.status().ToString();
  EXPECT_EQ((*answer)["saved"], Json(true));
  const auto refused = channel_->Ask({{"type", "STATE"}}, kLongEnough);
  ASSERT_TRUE(refused.status().failed());
  EXPECT_EQ(refused.status().error().type, FailureType::kConfigError);
  EXPECT_EQ(refused.status().ToString(), "disk full");
}

TEST_P(AttemptChannelTest, AsksForAChangedConfigurationToBeKept) {
  const ConfigChange change{"destination", Json{{"token", "a"}}, Json{{"token", "b"}}};
  std::jthread parent([this] {
    for (const char* answer : {R"({"value": null})",
                               R"({"error": {"type": "transient_error", "message": "no disk"}})"}) {
      const Json asked = Sent();
      const auto heard = ConfigChangeFromJson(asked);
      ASSERT_TRUE(heard.ok()) << heard.status().ToString();
      EXPECT_EQ(heard->end, "destination");
      EXPECT_EQ(WithChange(Json{{"token", "a"}, {"more", 1}}, *heard),
                (Json{{"token", "b"}, {"more", 1}}));
      Json reply = Json::parse(answer);
      reply["answer"] = asked["seq"];
      ASSERT_TRUE(parent_->Write(reply).ok());
    }
  });
  EXPECT_TRUE(channel_->Ask(ToJson(change), kLongEnough).ok());
  EXPECT_EQ(channel_->Ask(ToJson(change), kLongEnough).status().ToString(), "no disk");
}

TEST_P(AttemptChannelTest, HearsCommandsAndTheEnd) {
  ASSERT_TRUE(parent_->Write({{"command", "finish"}}).ok());
  commands_.Await("finish");
  std::jthread parent([this] {
    Sent();
    parent_.reset();
  });
  EXPECT_TRUE(
      channel_->Ask({{"type", "STATE"}}, std::chrono::milliseconds::max()).status().canceled());
  commands_.Await("closed");
}

TEST_P(AttemptChannelTest, GivesUpAtTheDeadline) {
  const auto answer = channel_->Ask({{"type", "STATE"}}, std::chrono::milliseconds(20));
  EXPECT_TRUE(answer.status().canceled());
}

TEST_P(AttemptChannelTest, CarriesMessagesOfManyMegabytesBothWays) {
  const std::string text(5 << 20, 'x');
  std::jthread parent([&] {
    const Json asked = Sent();
    EXPECT_EQ(asked["text"], Json(text));
    ASSERT_TRUE(parent_->Write({{"answer", asked["seq"]}, {"value", asked["text"]}}).ok());
  });
  const auto answer = channel_->Ask({{"type", "STATE"}, {"text", text}}, kLongEnough);
  ASSERT_TRUE(answer.ok()) << answer.status().ToString();
  EXPECT_EQ(*answer, Json(text));
}

}  // namespace millrace
