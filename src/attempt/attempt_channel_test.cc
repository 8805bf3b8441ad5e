#include <gmock/gmock.h>
#include <sys/socket.h>

#include <nlohmann/json.hpp>

#include "attempt/start_document.h"
#include "attempt/sync_report.h"
#include "attempt/testing/attempt_channel_suite.h"
#include "attempt/testing/socket_transport.h"

namespace millrace {
namespace {

using ::testing::HasSubstr;

INSTANTIATE_TEST_SUITE_P(Socket, AttemptChannelTest, ::testing::Values(&SocketTransport::Make));

TEST(JsonLineSocket, RefusesWhatIsNoMessage) {
  int fds[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
  JsonLineSocket reader(fds[0]), writer(fds[1]);
  ASSERT_EQ(::send(writer.fd(), "\n\nnonsense\n", 11, 0), 11);
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
  start.parent = ParentAddress{
      "/data/attempts.sock", "https://localhost:8443", "/data/ca.pem", 12, 1, "secret"};
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
