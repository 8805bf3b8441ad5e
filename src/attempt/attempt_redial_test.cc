#include <gmock/gmock.h>
#include <sys/socket.h>

#include <deque>
#include <nlohmann/json.hpp>

#include "attempt/attempt_channel.h"
#include "attempt/commit_lease.h"
#include "attempt/lease_keeper.h"
#include "attempt/testing/heard_commands.h"
#include "protocol/message.h"

namespace millrace {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

constexpr auto kLongEnough = std::chrono::seconds(30);

/// A channel that can call again, and the parents that it finds: bare sockets.
class AttemptRedialTest : public ::testing::Test {
 protected:
  AttemptRedialTest() { Open(kLongEnough); }
  void Open(std::chrono::milliseconds limit) {
    auto [parent, child] = Pair();
    parent_ = std::move(parent);
    channel_ = std::make_unique<AttemptChannel>(
        std::move(child), [this](std::string_view command) { commands_.Hear(command); },
        AttemptChannel::Redial{[this] { return Call(); }, limit, std::chrono::milliseconds(5)});
  }
  ~AttemptRedialTest() override { channel_.reset(); }

  using Socket = std::unique_ptr<JsonLineSocket>;
  static std::pair<Socket, Socket> Pair() {
    int fds[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    return {std::make_unique<JsonLineSocket>(fds[0]), std::make_unique<JsonLineSocket>(fds[1])};
  }

  /// The channel's thread: a parent, once a test has put one there.
  Result<Socket> Call() {
    commands_.Hear("call");
    std::lock_guard lock(mutex_);
    if (!reachable_) return TransientError("nobody there");
    auto [parent, child] = Pair();
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

  Json Sent() {
    const auto message = parent_->Read();
    EXPECT_TRUE(message.ok() && *message);
    return **message;
  }

  std::mutex mutex_;
  HeardCommands commands_;
  bool reachable_ = false;  // guarded by mutex_
  Socket parent_;
  std::unique_ptr<AttemptChannel> channel_;
};

TEST_F(AttemptRedialTest, AsksAgainUnderTheSameNumber) {
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

TEST_F(AttemptRedialTest, AWaitWithoutParentIsNoneOfTheLimit) {
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

TEST_F(AttemptRedialTest, KeepsTheResultUntilItIsAcknowledged) {
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

TEST_F(AttemptRedialTest, KeepsLogLinesAndTheNewestProgress) {
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

TEST_F(AttemptRedialTest, GivesUpWhenNobodyComes) {
  channel_.reset();
  commands_.Clear();
  Open(std::chrono::milliseconds(30));
  LoseParent();
  EXPECT_TRUE(channel_->Ask({{"type", "STATE"}}, kLongEnough).status().canceled());
  commands_.Await("closed");
  EXPECT_TRUE(channel_->Tell(LogMessage(LogLevel::kInfo, "too late")).canceled());
}

TEST_F(AttemptRedialTest, IsGrantedItsLease) {
  CommitLease lease;
  EXPECT_FALSE(lease.valid());
  const LeaseKeeper keeper(*channel_, lease);
  const Json asked = Sent();
  EXPECT_EQ(asked["type"], Json("LEASE"));
  ASSERT_TRUE(parent_->Write({{"answer", asked["seq"]}, {"value", {{"for_ms", 600'000}}}}).ok());
  std::stop_source stop;
  EXPECT_TRUE(lease.Await(stop.get_token()).ok());
}

TEST(ChannelBacklog, DropsTheOldestLinesAndSaysSo) {
  ChannelBacklog backlog;
  const std::string long_line(100'000, 'x');
  for (int i = 0; i < 15; ++i) {
    backlog.Add(LogMessage(LogLevel::kInfo, std::to_string(i) + " " + long_line));
  }
  const auto messages = backlog.Take();
  ASSERT_EQ(messages.size(), 11u) << "ten lines of 100 kB, and the one about the rest";
  EXPECT_EQ((*messages.front())["log"]["message"],
            Json("5 log lines were dropped while the server was out of reach"));
  EXPECT_TRUE((*messages[1])["log"]["message"].get_ref<const std::string&>().starts_with("5 xx"));
  EXPECT_TRUE(backlog.Take().empty());
}

class LeaseClock : public Clock {
 public:
  SteadyTime Now() const override { return SteadyTime(seconds.load() * std::chrono::seconds(1)); }
  WallTime WallNow() const override { return {}; }
  std::atomic<int64_t> seconds = 1000;
};

TEST(CommitLease, HoldsForItsTimeOnly) {
  LeaseClock clock;
  CommitLease lease(clock);
  EXPECT_FALSE(lease.valid()) << "nobody has granted it";
  lease.Renew(clock.Now(), std::chrono::seconds(60));
  clock.seconds += 59;
  EXPECT_TRUE(lease.valid());
  clock.seconds += 1;
  EXPECT_FALSE(lease.valid());
  // An answer that was under way for as long as it was valid is worth nothing.
  lease.Renew(clock.Now() - std::chrono::seconds(60), std::chrono::seconds(60));
  EXPECT_FALSE(lease.valid());
}

TEST(CommitLease, WaitsForARenewalAStopOrTheEnd) {
  LeaseClock clock;
  CommitLease lease(clock);
  std::stop_source stop;
  std::optional<Status> waited;
  {
    std::jthread waiter([&] { waited = lease.Await(stop.get_token()); });
    lease.Suspend();
    lease.Renew(clock.Now(), std::chrono::seconds(60));
    EXPECT_FALSE(lease.valid()) << "out of reach";
    lease.Resume();
  }
  EXPECT_TRUE(waited->ok());
  clock.seconds += 100;
  {
    std::jthread waiter([&] { waited = lease.Await(stop.get_token()); });
    stop.request_stop();
  }
  EXPECT_TRUE(waited->canceled());
  lease.End();
  lease.Renew(clock.Now(), std::chrono::seconds(60));
  EXPECT_TRUE(lease.Await({}).failed());
}

}  // namespace
}  // namespace millrace
