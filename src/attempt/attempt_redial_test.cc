#include <gmock/gmock.h>
#include <sys/socket.h>

#include <deque>
#include <nlohmann/json.hpp>

#include "attempt/attempt_channel.h"
#include "attempt/commit_lease.h"
#include "attempt/lease_keeper.h"
#include "attempt/testing/attempt_redial_suite.h"
#include "attempt/testing/socket_transport.h"
#include "protocol/message.h"

namespace millrace {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

constexpr auto kLongEnough = std::chrono::seconds(30);

INSTANTIATE_TEST_SUITE_P(Socket, AttemptRedialTest, ::testing::Values(&SocketTransport::Make));

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
