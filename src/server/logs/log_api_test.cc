#include "server/logs/log_api.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/uuid.h"
#include "control/store/migrations.h"
#include "control/store/testing/sample_rows.h"

namespace millrace {
namespace {

/// Time that the test moves.
class SetClock : public Clock {
 public:
  SteadyTime Now() const override { return SteadyTime(std::chrono::hours(1)) + passed; }
  WallTime WallNow() const override { return System().WallNow(); }
  std::chrono::milliseconds passed{0};
};

class LogApiTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(folder_);
    database_ = *SqlDatabase::Open("sqlite://" + (folder_ / "store.db").string(), 2);
    ASSERT_TRUE(Migrate(*database_).ok());
    AddActor(*database_);
    AddConnection(*database_, "c");
    AddJob(*database_, 7, "c", "running");
    AddAttempt(*database_, 7, "running");
    logs_ = *AttemptLogs::OpenAt("", folder_, Clock::System());
    api_ = std::make_unique<LogApi>(*database_, *logs_, clock_);
  }
  void TearDown() override {
    api_.reset();
    logs_.reset();
    database_.reset();
    std::filesystem::remove_all(folder_);
  }

  void Write(const std::string& message) {
    LogEvent event;
    event.message = message;
    logs_->Append({7, 0}, event);
    logs_->End({7, 0});
  }
  HttpResponse Get(const std::string& rest, const std::string& query = "") {
    HttpRequest request;
    request.method = "GET";
    request.path = {"api", "v1", "jobs", "7", "attempts", "0", "logs"};
    if (!rest.empty()) request.path.push_back(rest);
    if (!query.empty()) request.query.emplace("offset", query);
    return *api_->Handle(request);
  }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("millrace-log-api-" + RandomUuid());
  SetClock clock_;
  std::unique_ptr<SqlDatabase> database_;
  std::unique_ptr<AttemptLogs> logs_;
  std::unique_ptr<LogApi> api_;
};

TEST_F(LogApiTest, GivesPiecesAndTheWhole) {
  EXPECT_EQ(Json::parse(Get("").body)["events"], Json::array());
  Write("first");
  const Json piece = Json::parse(Get("").body);
  EXPECT_EQ(piece["events"][0]["message"], "first");
  Write("second");
  const Json next = Json::parse(Get("", std::to_string(piece["nextOffset"].get<int>())).body);
  ASSERT_EQ(next["events"].size(), 1U);
  EXPECT_EQ(next["events"][0]["message"], "second");
  EXPECT_EQ(Get("", "x").status, 400);
  HttpResponse download = Get("download");
  std::string text;
  for (bool last = false; !last;) {
    const HttpPiece part = download.next_piece();
    text += part.bytes;
    last = part.last;
  }
  EXPECT_NE(text.find("INFO platform: first\n"), std::string::npos) << text;
  EXPECT_NE(text.find("second\n"), std::string::npos) << text;
}

TEST_F(LogApiTest, AnOffsetInTheMiddleOfALineBeginsWithTheNextOne) {
  Write("first");
  const int64_t first_end = Json::parse(Get("").body)["nextOffset"].get<int64_t>();
  Write("second");
  Write("third");
  const auto messages = [](const Json& events) {
    std::string all;
    for (const Json& event : events) all += event["message"].get<std::string>() + " ";
    return all;
  };
  const auto streamed = [this](int64_t offset) {
    return Get("stream", std::to_string(offset)).next_piece().bytes;
  };
  constexpr const char* kNothingNew = ":\n\n";
  for (int64_t offset = 0; offset <= first_end; ++offset) {
    const std::string piece = Get("", std::to_string(offset)).body;
    EXPECT_EQ(messages(Json::parse(piece)["events"]),
              offset == 0 ? "first second third " : "second third ")
        << offset;
    EXPECT_EQ(streamed(offset), streamed(offset == 0 ? 0 : first_end)) << offset;
  }
  const int64_t end = Json::parse(Get("").body)["nextOffset"].get<int64_t>();
  EXPECT_EQ(Json::parse(Get("", std::to_string(end - 1)).body)["nextOffset"], end);
  EXPECT_EQ(streamed(end - 1), kNothingNew);
  EXPECT_EQ(streamed(std::numeric_limits<int64_t>::max()), kNothingNew);
  // Beyond the end: what is written there later is no whole line either.
  HttpResponse stream = Get("stream", std::to_string(end + 5));
  EXPECT_EQ(stream.next_piece().bytes, kNothingNew);
  Write("fourth");
  EXPECT_EQ(stream.next_piece().bytes, "");
  Write("fifth");
  const std::string late = stream.next_piece().bytes;
  EXPECT_EQ(late.find("fourth"), std::string::npos) << late;
  EXPECT_NE(late.find("\"message\":\"fifth\""), std::string::npos) << late;
}

TEST_F(LogApiTest, AnUnknownAttemptIsA404) {
  HttpRequest request;
  request.method = "GET";
  for (const char* job : {"8", "x", "-1", "99999999999999999999"}) {
    request.path = {"api", "v1", "jobs", job, "attempts", "0", "logs", "stream"};
    EXPECT_EQ(api_->Handle(request)->status, 404) << job;
  }
  request.method = "POST";
  EXPECT_EQ(api_->Handle(request)->status, 405);
  request.path = {"api", "v1", "jobs", "get"};
  EXPECT_FALSE(api_->Handle(request).has_value());
}

TEST_F(LogApiTest, TheStreamFollowsTheAttemptToItsEnd) {
  Write("first");
  HttpResponse stream = Get("stream");
  EXPECT_EQ(stream.content_type, "text/event-stream");
  HttpPiece piece = stream.next_piece();
  EXPECT_NE(piece.bytes.find("event: log\ndata: {"), std::string::npos) << piece.bytes;
  EXPECT_EQ(piece.bytes.substr(0, 4), "id: ");
  const std::string id = piece.bytes.substr(4, piece.bytes.find('\n') - 4);
  // Nothing new: it waits longer and longer, and says something now and then.
  std::chrono::milliseconds longest{0};
  std::string idle;
  for (int i = 0; i < 20; ++i) {
    piece = stream.next_piece();
    EXPECT_FALSE(piece.last);
    EXPECT_GE(piece.wait, longest);
    longest = piece.wait;
    clock_.passed += piece.wait;
    idle += piece.bytes;
  }
  EXPECT_EQ(longest, std::chrono::seconds(3));
  EXPECT_NE(idle.find(":\n\n"), std::string::npos);
  Write("second");
  ExecuteSql(*database_, "UPDATE attempt SET status = 'succeeded'");
  piece = stream.next_piece();
  EXPECT_NE(piece.bytes.find("second"), std::string::npos);
  std::string rest;
  for (int i = 0; i < 20 && !piece.last; ++i) {
    clock_.passed += piece.wait;
    piece = stream.next_piece();
    rest += piece.bytes;
  }
  EXPECT_TRUE(piece.last);
  EXPECT_NE(rest.find("event: end"), std::string::npos) << rest;
  // A client that lost its connection goes on after the last line it has.
  HttpRequest again;
  again.method = "GET";
  again.path = {"api", "v1", "jobs", "7", "attempts", "0", "logs", "stream"};
  again.headers["last-event-id"] = id;
  const std::string resumed = api_->Handle(again)->next_piece().bytes;
  EXPECT_EQ(resumed.find("first"), std::string::npos);
  EXPECT_NE(resumed.find("second"), std::string::npos);
}

}  // namespace
}  // namespace millrace
