#pragma once

#include <gmock/gmock.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "attempt/commit_lease.h"
#include "attempt/lease_keeper.h"
#include "attempt/testing/channel_fixture.h"
#include "protocol/message.h"

namespace millrace {

/// A channel that can call again, and the parents that it finds: bare sockets.
class AttemptRedialTest : public ChannelFixture {
 protected:
  AttemptRedialTest() { OpenAnew(kLongEnough); }
  ~AttemptRedialTest() override { channel_.reset(); }  // its thread may be in Call

  void OpenAnew(std::chrono::milliseconds limit) {
    Open(AttemptChannel::Redial{[this] { return Call(); }, limit, std::chrono::milliseconds(5)});
  }

  /// The channel's thread: a parent, once a test has put one there.
  Result<std::unique_ptr<JsonLineSocket>> Call() {
    commands_.Hear("call");
    std::lock_guard lock(mutex_);
    if (!reachable_) return TransientError("nobody there");
    auto [parent, child] = transport_->Connect();
    parent_ = std::move(parent);
    return std::move(child);
  }

  /// The parent dies, and the channel knows.
  void LoseParent() {
    parent_.reset();
    commands_.Await("away");
  }
  void FindParent() {
    {
      std::lock_guard lock(mutex_);
      reachable_ = true;
    }
    commands_.Await("back");
  }

  std::mutex mutex_;
  bool reachable_ = false;  // guarded by mutex_
};

TEST_P(AttemptRedialTest, AsksAgainUnderTheSameNumber) {
  std::jthread asker([this] {
    const auto answer =
        channel_->Ask({{"type", "STATE"}, {"checkpoint", 7}}, std::chrono::milliseconds(60'000));
    EXPECT_TRUE(answer.ok()) << answer.status().ToString();
    EXPECT_EQ(answer->value("stored", Json()), Json(true));
  });
  const Json first = Sent();
  LoseParent();
  FindParent();
  const Json second = Sent();
  EXPECT_EQ(first, second);
  ASSERT_TRUE(parent_->Write({{"answer", second["seq"]}, {"value", {{"stored", true}}}}).ok());
}

TEST_P(AttemptRedialTest, AWaitWithoutParentIsNoneOfTheLimit) {
  LoseParent();
  std::atomic<bool> answered = false;
  std::jthread asker([&] {
    const auto answer = channel_->Ask({{"type", "STATE"}}, std::chrono::milliseconds(20));
    answered = true;
    EXPECT_TRUE(answer.status().canceled()) << "nobody answers";
  });
  commands_.Clear();
  commands_.Await("call", 20);
  EXPECT_FALSE(answered) << "the limit has passed several times";
  FindParent();
}

TEST_P(AttemptRedialTest, KeepsTheResultUntilItIsAcknowledged) {
  LoseParent();
  std::jthread attempt([this] {
    EXPECT_TRUE(channel_->TellLast({{"type", "RESULT"}, {"result", {{"rows", 5}}}}).ok());
  });
  FindParent();
  const Json unanswered = Sent();
  EXPECT_EQ(unanswered["result"]["rows"], Json(5));
  commands_.Clear();
  {
    std::lock_guard lock(mutex_);
    reachable_ = false;
  }
  LoseParent();
  FindParent();
  const Json again = Sent();
  EXPECT_EQ(again, unanswered);
  ASSERT_TRUE(parent_->Write({{"answer", again["seq"]}, {"value", nullptr}}).ok());
}

TEST_P(AttemptRedialTest, KeepsLogLinesAndTheNewestProgress) {
  LoseParent();
  const auto progress = [](const char* stream, int rows) {
    return Json{{"type", "PROGRESS"}, {"progress", {{"name", stream}, {"records_read", rows}}}};
  };
  ASSERT_TRUE(channel_->Tell(LogMessage(LogLevel::kInfo, "one")).ok());
  ASSERT_TRUE(channel_->Tell(progress("a", 1)).ok());
  ASSERT_TRUE(channel_->Tell(progress("b", 2)).ok());
  ASSERT_TRUE(channel_->Tell(LogMessage(LogLevel::kInfo, "two")).ok());
  ASSERT_TRUE(channel_->Tell(progress("a", 3)).ok());
  FindParent();
  EXPECT_EQ(Sent()["log"]["message"], Json("one"));
  EXPECT_EQ(Sent()["log"]["message"], Json("two"));
  EXPECT_EQ(Sent()["progress"]["records_read"], Json(3));
  EXPECT_EQ(Sent()["progress"]["records_read"], Json(2));
}

TEST_P(AttemptRedialTest, GivesUpWhenNobodyComes) {
  channel_.reset();
  commands_.Clear();
  OpenAnew(std::chrono::milliseconds(30));
  LoseParent();
  EXPECT_TRUE(channel_->Ask({{"type", "STATE"}}, kLongEnough).status().canceled());
  commands_.Await("closed");
  EXPECT_TRUE(channel_->Tell(LogMessage(LogLevel::kInfo, "too late")).canceled());
}

TEST_P(AttemptRedialTest, IsGrantedItsLease) {
  CommitLease lease;
  EXPECT_FALSE(lease.valid());
  const LeaseKeeper keeper(*channel_, lease);
  const Json asked = Sent();
  EXPECT_EQ(asked["type"], Json("LEASE"));
  ASSERT_TRUE(parent_->Write({{"answer", asked["seq"]}, {"value", {{"for_ms", 600'000}}}}).ok());
  std::stop_source stop;
  EXPECT_TRUE(lease.Await(stop.get_token()).ok());
}

}  // namespace millrace
