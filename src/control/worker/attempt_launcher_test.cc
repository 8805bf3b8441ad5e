#include "control/worker/attempt_launcher.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <zlib.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "attempt/parent_call.h"
#include "attempt/sync_report.h"
#include "base/deadline.h"
#include "subprocess/scratch_folder.h"

namespace millrace {
namespace {

using ::testing::HasSubstr;

constexpr auto kLongEnough = std::chrono::seconds(120);
constexpr auto kLease = std::chrono::seconds(600);
constexpr AttemptId kId{12, 1};

/// Real attempts: millrace-attempt, sample data, and a destination that keeps nothing.
class AttemptLauncherTest : public ::testing::Test {
 protected:
  AttemptLauncherTest() { Reopen(); }
  ~AttemptLauncherTest() override {
    if (handle_) {
      handle_->Kill();
      handle_->HowItEnded();
    }
  }

  /// As a server that comes back: what the one before had in hand is in nobody's.
  void Reopen() {
    handle_.reset();
    launcher_.reset();
    AttemptLauncher::Options options;
    options.data_dir = folder_.path();
    options.rules.files_dir = folder_.path();
    options.program = MILLRACE_ATTEMPT;
    auto launcher = AttemptLauncher::Open(options, limits_);
    ASSERT_TRUE(launcher.ok()) << launcher.status().ToString();
    launcher_ = *std::move(launcher);
  }

  /// A sync that checkpoints every ten users; `millis_per_record` makes it last.
  static StartDocument Sync(int users, int millis_per_record) {
    StartDocument start;
    start.task = "sync";
    start.connection = "sample";
    start.source = ConnectorConfig{"source-faker",
                                   Json{{"count", users}, {"records_per_slice", 10}, {"seed", 1}}};
    Json behaviour{{"test_destination_type", "SILENT"}};
    if (millis_per_record > 0) {
      behaviour = {{"test_destination_type", "THROTTLED"},
                   {"millis_per_record", millis_per_record}};
    }
    start.destination =
        ConnectorConfig{"destination-dev-null", Json{{"test_destination", behaviour}}};
    start.commit_interval = std::chrono::milliseconds(0);
    start.saved.epoch = "first";
    start.catalog = CatalogOf("users", {{"id", {{"type", "integer"}}}}, "incremental");
    return start;
  }

  static ConfiguredCatalog CatalogOf(const std::string& stream, const Json& properties,
                                     const std::string& mode) {
    const Json json{{"streams",
                     {{{"stream",
                        {{"name", stream},
                         {"json_schema", {{"type", "object"}, {"properties", properties}}},
                         {"supported_sync_modes", {mode}}}},
                       {"sync_mode", mode},
                       {"cursor_field", {"updated_at"}},
                       {"destination_sync_mode", "append"}}}}};
    auto catalog = ConfiguredCatalogFromJson(json);
    EXPECT_TRUE(catalog.ok()) << catalog.status().ToString();
    return *std::move(catalog);
  }

  void Start(const StartDocument& start) {
    auto handle = launcher_->Start(kId, start);
    ASSERT_TRUE(handle.ok()) << handle.status().ToString();
    handle_ = *std::move(handle);
  }
  void Find() {
    const auto left = launcher_->Left();
    ASSERT_TRUE(left.ok());
    ASSERT_THAT(*left, ::testing::ElementsAre(kId));
    auto handle = launcher_->Find(kId);
    ASSERT_TRUE(handle.ok()) << handle.status().ToString();
    handle_ = *std::move(handle);
  }

  /// The next message of the type, others passed over (states answered); {} when it ended before.
  Json Next(const std::string& type) {
    const Deadline deadline = Deadline::After(kLongEnough);
    while (!deadline.Passed()) {
      const auto event = handle_->Wait(-1, std::chrono::seconds(1));
      if (!event.ok() || event->kind == AttemptHandle::EventKind::kEnded) return Json::object();
      if (event->kind != AttemptHandle::EventKind::kMessage) continue;
      const std::string got = event->message->value("type", "");
      if (got == "LOG") log_ += event->message->dump() + "\n";
      if (got == type) return *event->message;
      if (got == "STATE") {
        ++states_;
        handle_->Answer(*event->message, Json());
      }
    }
    ADD_FAILURE() << "no " << type;
    return Json::object();
  }

  /// Takes the result, acknowledges it, and waits for the end.
  SyncReport Result() {
    const Json result = Next("RESULT");
    EXPECT_TRUE(result.contains("result")) << log_;
    handle_->Answer(result, Json());
    EXPECT_EQ(Next("nothing more"), Json::object());
    EndAndForget();
    auto report = SyncReportFromJson(result.value("result", Json::object()));
    return report.ok() ? *report : SyncReport();
  }
  AttemptEnding EndAndForget() {
    const AttemptEnding ending = handle_->HowItEnded();
    EXPECT_FALSE(std::filesystem::exists(folder_.path() / "attempts" / kId.ToString()));
    handle_.reset();
    return ending;
  }

  ScratchFolder folder_ = *ScratchFolder::Make();
  LimitKeeper limits_;
  std::unique_ptr<AttemptLauncher> launcher_;
  std::unique_ptr<AttemptHandle> handle_;
  int states_ = 0;
  std::string log_;
};

TEST_F(AttemptLauncherTest, RunsAnAttemptToItsEnd) {
  Start(Sync(50, 0));
  handle_->GrantLease(kLease);
  const SyncReport report = Result();
  EXPECT_EQ(report.outcome, "succeeded");
  EXPECT_EQ(report.records_committed, 50);
  EXPECT_GE(states_, 1);
  EXPECT_TRUE(launcher_->Left()->empty());
}

TEST_F(AttemptLauncherTest, AnAttemptOutlivesItsServerAndSendsAgainWhatWasNotAnswered) {
  Start(Sync(2000, 2));
  handle_->GrantLease(kLease);
  const Json unanswered = Next("STATE");
  ASSERT_TRUE(unanswered.contains("checkpoint"));
  Reopen();
  Find();
  EXPECT_FALSE(handle_->connected());
  handle_->GrantLease(kLease);
  EXPECT_EQ(Next("STATE"), unanswered);
  EXPECT_TRUE(handle_->connected());
  handle_->Answer(unanswered, Json());
  EXPECT_GT(Next("STATE").value("checkpoint", 0), unanswered.value("checkpoint", 0));
  handle_->Command("cancel");
  EXPECT_EQ(Result().outcome, "canceled");
}

TEST_F(AttemptLauncherTest, AResultIsKeptWhileNoServerRuns) {
  Start(Sync(50, 0));
  handle_->GrantLease(kLease);
  const Json lost = Next("RESULT");
  ASSERT_TRUE(lost.contains("result"));
  Reopen();
  Find();
  EXPECT_EQ(Result().records_committed, 50);
}

TEST_F(AttemptLauncherTest, WithoutALeaseNothingIsCommitted) {
  Start(Sync(50, 0));
  // Many times what it takes with a lease.
  const Deadline patience = Deadline::After(std::chrono::seconds(3));
  while (!patience.Passed()) {
    const auto event = handle_->Wait(-1, std::chrono::milliseconds(100));
    ASSERT_TRUE(event.ok());
    if (event->kind != AttemptHandle::EventKind::kMessage) continue;
    const Json type = event->message->value("type", Json());
    EXPECT_THAT(type, testing::AnyOf(Json("LOG"), Json("PROGRESS"), Json("WAITING")));
  }
  handle_->GrantLease(kLease);
  EXPECT_EQ(Result().records_committed, 50) << "it had been waiting for that";
}

TEST_F(AttemptLauncherTest, AKilledAttemptIsFoundDead) {
  Start(Sync(2000, 2));
  handle_->GrantLease(kLease);
  Next("STATE");
  handle_->Kill();
  EXPECT_EQ(Next("nothing more"), Json::object());
  Reopen();
  Find();
  EXPECT_EQ(Next("nothing more"), Json::object());
  EXPECT_THAT(EndAndForget().status.ToString(), HasSubstr("how it ended is not known"));
}

TEST_F(AttemptLauncherTest, OnlyWhoKnowsTheTokenIsLetIn) {
  Start(Sync(2000, 2));
  const ParentAddress stranger{.socket_path = (folder_.path() / "attempts/socket").string(),
                               .job = kId.job,
                               .number = kId.number,
                               .token = std::string(64, '0')};
  EXPECT_TRUE(CallParent(stranger).status().failed());
  ParentAddress unknown = stranger;
  unknown.job = 99;
  EXPECT_TRUE(CallParent(unknown).status().failed());
  struct stat of_socket {};
  ASSERT_EQ(::stat(stranger.socket_path.c_str(), &of_socket), 0);
  EXPECT_EQ(of_socket.st_mode & 0777, 0600u);
}

TEST_F(AttemptLauncherTest, ConnectorsTouchOnlyWhatTheRulesAllow) {
  const std::tuple<const char*, std::string, const char*> cases[] = {
      {"local", "/etc/passwd", "lies outside of the folder"},
      {"local", "/local/../../etc/passwd", "lies outside of the folder"},
      {"HTTPS", "http://169.254.169.254/latest/a.csv", "169.254.169.254 is a link-local address"},
  };
  for (const auto& [storage, url, message] : cases) {
    StartDocument start;
    start.task = "check";
    start.source = ConnectorConfig{"source-file", Json{{"dataset_name", "row"},
                                                       {"format", "csv"},
                                                       {"url", url},
                                                       {"provider", {{"storage", storage}}}}};
    Start(start);
    const Json failure = Next("FAILURE");
    EXPECT_THAT(failure.dump(), HasSubstr(message));
    EXPECT_THAT(failure.dump(), HasSubstr("config_error"));
    handle_->Answer(failure, Json());
    EXPECT_EQ(Next("nothing more"), Json::object());
    EndAndForget();
  }
}

/// Rows of JSON, each `megabytes` of text, packed: each megabyte is a gzip member.
void WriteRows(const std::filesystem::path& path, int rows, int megabytes) {
  const auto packed = [](const std::string& text) {
    std::string out(::compressBound(text.size()) + 64, '\0');
    z_stream stream{};
    EXPECT_EQ(::deflateInit2(&stream, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    EXPECT_EQ(::deflate(&stream, Z_FINISH), Z_STREAM_END);
    out.resize(out.size() - stream.avail_out);
    ::deflateEnd(&stream);
    return out;
  };
  const std::string chunk = packed(std::string(1 << 20, 'x'));
  const std::string end = packed("\"}\n");
  std::ofstream file(path, std::ios::binary);
  for (int row = 0; row < rows; ++row) {
    file << packed("{\"v\": \"" + std::to_string(row));
    for (int i = 0; i < megabytes; ++i) file << chunk;
    file << end;
  }
}

/// Keys of 60 MB: a deduplicated table holds all of them at once.
TEST_F(AttemptLauncherTest, AnAttemptBeyondItsMemoryIsKilledAndOneWithinIsNot) {
  for (const int megabytes : {1, 60}) {
    WriteRows(folder_.path() / "rows.jsonl.gz", 12, megabytes);
    StartDocument start = Sync(1, 0);
    start.source = ConnectorConfig{"source-file", Json{{"dataset_name", "rows"},
                                                       {"format", "jsonl"},
                                                       {"url", "/local/rows.jsonl.gz"},
                                                       {"provider", {{"storage", "local"}}}}};
    start.destination =
        ConnectorConfig{"destination-local",
                        Json{{"path", "/local/out"}, {"format", {{"format_type", "Parquet"}}}}};
    start.catalog = CatalogOf("rows", {{"v", {{"type", "string"}}}}, "full_refresh");
    ConfiguredStream& stream = start.catalog->streams.front();
    stream.destination_sync_mode = DestinationSyncMode::kOverwriteDedup;
    stream.primary_key = {{"v"}};
    stream.generation_id = stream.minimum_generation_id = stream.sync_id = megabytes;
    start.limits.memory_bytes = 512 << 20;
    Start(start);
    handle_->GrantLease(kLease);
    if (megabytes == 1) {
      EXPECT_EQ(Result().outcome, "succeeded") << log_;
      EXPECT_TRUE(std::filesystem::exists(folder_.path() / "out"));
      continue;
    }
    const Json result = Next("RESULT");
    EXPECT_EQ(result, Json::object());
    const AttemptEnding ending = EndAndForget();
    EXPECT_TRUE(ending.out_of_memory) << log_;
    EXPECT_THAT(ending.status.ToString(),
                ::testing::ContainsRegex("killed because it used more than its limit of 512 MiB "
                                         "\\([0-9]+ MiB used\\); raise it with"));
  }
}

}  // namespace
}  // namespace millrace
