#include "control/logs/attempt_logs.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <condition_variable>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/uuid.h"
#include "clients/s3/s3_client.h"
#include "clients/s3/testing/s3_server.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;

LogEvent Line(std::string message, std::string source = "source") {
  LogEvent event;
  event.message = std::move(message);
  event.log_source = std::move(source);
  return event;
}

std::vector<std::string> MessagesOf(const std::vector<LogEvent>& events) {
  std::vector<std::string> messages;
  for (const LogEvent& event : events) messages.push_back(event.message);
  return messages;
}

/// Each storage in turn, by the parameter "folder" or "bucket".
class AttemptLogsTest : public testing::TestWithParam<std::string> {
 protected:
  void TearDown() override { fs::remove_all(folder_); }

  std::unique_ptr<LogStorage> Storage() {
    auto storage = GetParam() == "folder" ? OpenLogFolder(folder_)
                                          : MakeLogBucket(S3Server::Get().Config(), prefix_);
    EXPECT_TRUE(storage.ok()) << storage.status().ToString();
    return std::move(*storage);
  }
  std::unique_ptr<AttemptLogs> Logs(AttemptLogs::Options options = {}) {
    return std::make_unique<AttemptLogs>(Storage(), Clock::System(), options);
  }

  const std::string prefix_ = "logs-" + RandomUuid();
  const fs::path folder_ = fs::temp_directory_path() / ("millrace-logs-" + RandomUuid());
  const AttemptId id_{1234567, 2};
};

TEST_P(AttemptLogsTest, AnotherProcessReadsWhatWasWritten) {
  const auto reader = Logs();
  EXPECT_TRUE(reader->Newest(id_, 10)->empty());
  EXPECT_EQ(reader->Read(id_, 0, 1000)->next_offset, 0);
  const auto writer = Logs();
  writer->Append(id_, Line("first\nline"));
  writer->End(id_);
  writer->Append(id_, Line("after a restart", "platform"));
  writer->End(id_);
  const auto late_reader = Logs();
  const auto events = late_reader->Newest(id_, 10);
  ASSERT_TRUE(events.ok()) << events.status().ToString();
  ASSERT_EQ(MessagesOf(*events), (std::vector<std::string>{"first\nline", "after a restart"}));
  EXPECT_EQ(events->front().log_source, "source");
  EXPECT_GT(events->front().timestamp, 1'000'000'000'000);
  const Json reply = LogsReply(*events);
  EXPECT_EQ(reply["events"].size(), 2U);
  EXPECT_EQ(reply["logLines"].size(), 2U);
  EXPECT_TRUE(reply["version"].is_string());
  EXPECT_EQ(LogsReply({})["logLines"], Json::array()) << "never null";
}

TEST_P(AttemptLogsTest, IsReadInPieces) {
  const auto logs = Logs();
  std::vector<std::string> written;
  for (int i = 0; i < 100; ++i) {
    written.push_back("line " + std::to_string(i));
    logs->Append(id_, Line(written.back()));
    if (i % 30 == 0) logs->End(id_);
  }
  logs->End(id_);
  std::vector<std::string> read;
  int64_t offset = 0;
  for (int round = 0; round < 1000; ++round) {
    const auto piece = logs->Read(id_, offset, 300);
    ASSERT_TRUE(piece.ok());
    if (piece->lines.empty()) break;
    for (const LogEvent& event : LogEventsOf(piece->lines)) read.push_back(event.message);
    offset = piece->next_offset;
  }
  EXPECT_EQ(read, written);
  EXPECT_EQ(MessagesOf(*logs->Newest(id_, 3)),
            (std::vector<std::string>{"line 97", "line 98", "line 99"}));
  // A piece that is smaller than a line is that line.
  EXPECT_EQ(LogEventsOf(logs->Read(id_, 0, 5)->lines).front().message, "line 0");
}

TEST_P(AttemptLogsTest, IsListedAndRemoved) {
  const auto logs = Logs();
  const AttemptId other{5, 0};
  for (const AttemptId& id : {id_, other}) {
    logs->Append(id, Line("x"));
    logs->KeepState(id, 7, Json{{"state", Json::array()}});
    logs->End(id);
  }
  auto listed = logs->storage().List();
  ASSERT_TRUE(listed.ok()) << listed.status().ToString();
  ASSERT_EQ(listed->size(), 2U);
  for (const StoredLog& log : *listed) {
    EXPECT_TRUE(log.id == id_ || log.id == other);
    EXPECT_GT(log.bytes, 50);
    EXPECT_LT(Clock::System().WallNow() - log.written, std::chrono::hours(1));
  }
  ASSERT_TRUE(logs->storage().Remove(id_).ok());
  ASSERT_TRUE(logs->storage().Remove(id_).ok()) << "once more";
  listed = logs->storage().List();
  ASSERT_EQ(listed->size(), 1U);
  EXPECT_EQ(listed->front().id, other);
  EXPECT_TRUE(logs->Newest(id_, 10)->empty());
}

TEST_P(AttemptLogsTest, SecretsAreStruck) {
  const auto logs = Logs();
  logs->Begin(id_, {"pass-of-one-attempt", "with \"quotes\" and more", ""});
  logs->Append(id_, Line("login pass-of-one-attempt failed"));
  logs->Append(id_, Line(Json{{"config", "with \"quotes\" and more"}}.dump()));
  LogEvent traced = Line("x");
  traced.stack_trace = "at pass-of-one-attempt";
  logs->Append(id_, traced);
  logs->End(id_);
  const std::string stored = *logs->storage().Read(id_, 0, 100'000);
  EXPECT_EQ(stored.find("pass-of-one-attempt"), std::string::npos) << stored;
  EXPECT_EQ(stored.find("quotes"), std::string::npos) << stored;
  EXPECT_NE(stored.find("login ********** failed"), std::string::npos) << stored;
}

TEST_P(AttemptLogsTest, HasABound) {
  AttemptLogs::Options options;
  options.attempt_bytes_max = 20'000;
  options.line_bytes_max = 1000;
  for (int round = 0; round < 2; ++round) {  // a restart knows what is there
    const auto logs = Logs(options);
    logs->Begin(id_, {});
    for (int i = 0; i < 100; ++i) logs->Append(id_, Line(std::string(2000, 'x')));
    logs->End(id_);
    EXPECT_LT(*logs->storage().Size(id_), 30'000);
    const auto events = logs->Newest(id_, 1);
    EXPECT_NE(events->back().message.find("left out"), std::string::npos);
  }
  const auto first = Logs()->Read(id_, 0, 100'000);
  bool cut = false;
  for (const LogEvent& event : LogEventsOf(first->lines)) {
    cut = cut || event.message.find("… (1000 more bytes)") != std::string::npos;
  }
  EXPECT_TRUE(cut);
}

INSTANTIATE_TEST_SUITE_P(Storage, AttemptLogsTest, testing::Values("folder", "bucket"),
                         [](const auto& info) { return info.param; });

/// A storage that can be full, or hold a write up.
class TroubledStorage : public LogStorage {
 public:
  Status Append(const AttemptId&, std::string_view lines) override {
    const std::lock_guard lock(mutex);
    if (full) return ConfigError("the disk is full");
    stored += lines;
    changed.notify_all();
    return Status::Ok();
  }
  Result<int64_t> Size(const AttemptId&) override {
    const std::lock_guard lock(mutex);
    return static_cast<int64_t>(stored.size());
  }
  Result<std::string> Read(const AttemptId&, int64_t offset, int64_t size) override {
    const std::lock_guard lock(mutex);
    return stored.substr(static_cast<size_t>(offset), static_cast<size_t>(size));
  }
  Status KeepState(const AttemptId&, int64_t, std::string_view) override {
    return ConfigError("the disk is full");
  }
  Result<std::vector<StoredLog>> List() override { return std::vector<StoredLog>(); }
  Status Remove(const AttemptId&) override { return Status::Ok(); }

  std::mutex mutex;
  std::condition_variable changed;
  bool full = true;
  std::string stored;
};

TEST(AttemptLogs, WhatADiskCouldNotTakeComesLater) {
  auto owned = std::make_unique<TroubledStorage>();
  TroubledStorage& storage = *owned;
  AttemptLogs::Options options;
  options.write_interval = std::chrono::milliseconds(1);
  options.retry_interval = std::chrono::milliseconds(1);
  options.waiting_bytes_max = 3000;
  AttemptLogs logs(std::move(owned), Clock::System(), options);
  const AttemptId id{1, 0};
  for (int i = 0; i < 100; ++i) logs.Append(id, Line("line " + std::to_string(i)));
  logs.KeepState(id, 1, Json::object());
  {
    std::unique_lock lock(storage.mutex);
    EXPECT_EQ(storage.stored, "");
    storage.full = false;
    const auto written = [&] { return !storage.stored.empty(); };
    ASSERT_TRUE(storage.changed.wait_for(lock, std::chrono::seconds(60), written));
  }
  logs.End(id);
  const auto messages = MessagesOf(LogEventsOf(storage.stored));
  ASSERT_GT(messages.size(), 3U);
  EXPECT_EQ(messages.front(), "line 0");
  EXPECT_THAT(messages.back(), testing::HasSubstr(std::to_string(100 - (messages.size() - 1)) +
                                                  " lines were left out"));
  EXPECT_EQ(std::count(messages.begin(), messages.end(), "line 0"), 1) << "a write is not repeated";
}

TEST(LogFolder, IsPrivateAndSurvivesABrokenLine) {
  const fs::path folder = fs::temp_directory_path() / ("millrace-logs-" + RandomUuid());
  auto logs = AttemptLogs::OpenAt("", folder, Clock::System());
  ASSERT_TRUE(logs.ok());
  (*logs)->Append({3, 1}, Line("x"));
  (*logs)->End({3, 1});
  const fs::path file = folder / "logs" / "000000" / "3-1.jsonl";
  struct stat info {};
  ASSERT_EQ(::stat(file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  std::ofstream(file, std::ios::app) << "{\"message\": \"half a l";
  EXPECT_EQ((*logs)->Newest({3, 1}, 10)->size(), 1U);
  (*logs)->Append({3, 1}, Line("y"));
  (*logs)->End({3, 1});
  EXPECT_EQ((*logs)->Newest({3, 1}, 10)->size(), 2U);
  EXPECT_FALSE(AttemptLogs::OpenAt("ftp://x", folder, Clock::System()).ok());
  EXPECT_FALSE(AttemptLogs::OpenAt("s3://b/p?speed=1", folder, Clock::System()).ok());
  fs::remove_all(folder);
}

}  // namespace
}  // namespace millrace
