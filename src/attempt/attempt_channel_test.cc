#include "attempt/attempt_channel.h"

#include <gmock/gmock.h>
#include <sys/socket.h>

#include <nlohmann/json.hpp>

#include "attempt/start_document.h"
#include "attempt/sync_report.h"
#include "attempt/testing/heard_commands.h"

namespace millrace {
namespace {

using ::testing::HasSubstr;

constexpr auto kLongEnough = std::chrono::seconds(30);

/// The channel, and the parent's end as a bare socket.
class AttemptChannelTest : public ::testing::Test {
 protected:
  AttemptChannelTest() {
    int fds[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    parent_ = std::make_unique<JsonLineSocket>(fds[0]);
    channel_ = std::make_unique<AttemptChannel>(
        std::make_unique<JsonLineSocket>(fds[1]),
        [this](std::string_view command) { commands_.Hear(command); });
  }

  /// What the child sent next.
  Json Sent() {
    const auto message = parent_->Read();
    EXPECT_TRUE(message.ok() && *message);
    return **message;
  }

  HeardCommands commands_;
  std::unique_ptr<JsonLineSocket> parent_;
  std::unique_ptr<AttemptChannel> channel_;
};

TEST_F(AttemptChannelTest, AsksAndIsAnswered) {
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

TEST_F(AttemptChannelTest, HearsCommandsAndTheEnd) {
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

TEST_F(AttemptChannelTest, GivesUpAtTheDeadline) {
  const auto answer = channel_->Ask({{"type", "STATE"}}, std::chrono::milliseconds(20));
  EXPECT_TRUE(answer.status().canceled());
}

TEST_F(AttemptChannelTest, RefusesWhatIsNoMessage) {
  ASSERT_TRUE(channel_->Tell({{"type", "LOG"}}).ok());
  EXPECT_EQ(Sent()["type"], Json("LOG"));
  int fds[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
  JsonLineSocket reader(fds[0]), writer(fds[1]);
  ASSERT_EQ(::send(writer.fd(), "nonsense\n", 9, 0), 9);
  const auto message = reader.Read();
  ASSERT_FALSE(message.ok());
  EXPECT_THAT(message.status().ToString(), HasSubstr("no JSON object"));
}

TEST(StartDocument, ComesBackAsItWas) {
  StartDocument start;
  start.task = "sync";
  start.source = ConnectorConfig{"source-faker", Json{{"count", 5}}};
  start.connection = "shop";
  start.attempt = 7;
  start.saved = {"epoch", 3, {}};
  start.saved.state.Merge(StateMessage::OfStream({"users", std::nullopt}, Json{{"a", 1}}));
  start.commit_interval = std::chrono::seconds(3);
  start.parent = ParentAddress{"/data/attempts.sock", 12, 1, "secret"};
  start.limits = {512 << 20, 1500};
  start.rules = ConnectorRules{"/data/files", true};
  const auto back = StartDocumentFromJson(Json::parse(ToJson(start).dump()));
  ASSERT_TRUE(back.ok()) << back.status().ToString();
  EXPECT_EQ(ToJson(*back), ToJson(start));
  EXPECT_FALSE(back->destination.has_value());
  EXPECT_FALSE(StartDocumentFromJson(Json::object()).ok());
}

TEST(SyncReport, ComesBackAsItWas) {
  SyncReport report;
  report.outcome = "partial";
  StreamReport& users = report.streams.emplace_back();
  users.stream = {"users", "public"};
  users.status = "INCOMPLETE";
  users.records_read = 5;
  users.bytes_read = 6;
  users.records_committed = 4;
  users.values_changed = 1;
  users.merge = {1, 2, 3, 4, 5};
  users.derived = {{{"users_addresses", "public"}, 3}};
  users.estimated_records = 10;
  users.error = Error{FailureType::kTransientError, "broken", "detail", {}};
  users.error_origin = report.error_origin = FailureOrigin::kDestination;
  report.error = users.error;
  report.records_read = 5;
  const auto back = SyncReportFromJson(Json::parse(ToJson(report).dump()));
  ASSERT_TRUE(back.ok()) << back.status().ToString();
  EXPECT_EQ(ToJson(*back), ToJson(report));
  EXPECT_EQ(back->streams[0].merge, users.merge);
  EXPECT_EQ(back->streams[0].error->type, FailureType::kTransientError);
  EXPECT_EQ(back->streams[0].error_origin, FailureOrigin::kDestination);
  EXPECT_EQ(back->error_origin, FailureOrigin::kDestination);
}

}  // namespace
}  // namespace millrace
