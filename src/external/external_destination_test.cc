#include "external/external_destination.h"

#include <arrow/array.h>
#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gmock/gmock.h>

#include <condition_variable>
#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/log.h"
#include "base/secrets.h"

namespace millrace {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const StreamDescriptor kOrders{"orders", "shop"};

const SchemaPtr& OrderSchema() {
  static const SchemaPtr schema =
      arrow::schema({arrow::field("id", arrow::int64()), arrow::field("text", arrow::utf8())});
  return schema;
}

ChangeBatch Orders(int64_t first, int64_t count, const std::string& text = "é\n\"") {
  arrow::Int64Builder ids;
  arrow::StringBuilder texts;
  for (int64_t i = 0; i < count; ++i) {
    EXPECT_TRUE(ids.Append(first + i).ok() && texts.Append(text).ok());
  }
  ChangeBatch batch;
  batch.rows = arrow::RecordBatch::Make(OrderSchema(), count, {*ids.Finish(), *texts.Finish()});
  return batch;
}

/// Writes down what it hears.
class Reports : public CommitListener {
 public:
  void Committed(CheckpointId) override { ADD_FAILURE() << "each stream for itself"; }
  void CommitFailed(CheckpointId, const Status&) override { ADD_FAILURE() << "LoadEnded tells"; }
  void CommittedAlone(CheckpointId id) override { Add(fmt::format("committed {}", id)); }
  void LoadEnded(const Status& how) override {
    {
      const std::lock_guard lock(mutex_);
      end_ = how;
    }
    Add("end " + how.ToString());
  }

  /// Waits for the end; at most 30 s, so that a test fails instead of hanging.
  Status End() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, std::chrono::seconds(30), [this] { return end_.has_value(); })) {
      ADD_FAILURE() << "it never ended";
    }
    return end_.value_or(Status::Ok());
  }
  /// Waits for a line, likewise.
  bool Await(const std::string& line) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(30), [&] {
      return std::find(lines_.begin(), lines_.end(), line) != lines_.end();
    });
  }
  std::vector<std::string> lines() {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  void Add(std::string line) {
    {
      const std::lock_guard lock(mutex_);
      lines_.push_back(std::move(line));
    }
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> lines_;
  std::optional<Status> end_;
};

/// A destination that is a shell script: `spec` and then what the test says.
class ExternalDestinationTest : public ::testing::Test {
 protected:
  ExternalDestinationTest() {
    std::signal(SIGPIPE, SIG_IGN);
    SetLogSink([this](LogLevel level, std::string_view line) {
      const std::lock_guard lock(mutex_);
      log_ += fmt::format("{} {}\n", ToString(level), line);
    });
    ConfiguredStream orders;
    orders.stream.descriptor = kOrders;
    orders.stream.json_schema =
        Json::parse(R"({"properties": {"id": {"type": "integer"}, "text": {"type": "string"}}})");
    orders.sync_mode = SyncMode::kIncremental;
    orders.generation_id = 4;
    orders.sync_id = 9;
    orders.destination = {"raw_orders", "lake"};
    catalog_.streams = {orders};
    context_.abandon = abandon_.get_token();
  }
  ~ExternalDestinationTest() override { SetLogSink({}); }

  std::unique_ptr<ExternalDestination> Script(const std::string& tasks,
                                              const std::string& modes = "[]") {
    const auto path = folder_.path() / "connector.sh";
    std::ofstream(path) << R"(case $1 in
spec) echo '{"type":"SPEC","spec":{"connectionSpecification":{"type":"object"},)"
                        << R"("supported_destination_sync_modes":)" << modes << "}}';;\n"
                        << tasks << "\nesac\n";
    ExternalConnector connector;
    connector.command.arguments = {"sh", path.string()};
    connector.command.folder = folder_.path();
    connector.command.stall = stall_;
    connector.config = Json{{"key", "value-of-the-key"}};
    connector.fit_config = [](const Json&, Json* config) {
      Secrets::Register((*config)["key"].get<std::string>());
      return Status::Ok();
    };
    return std::make_unique<ExternalDestination>(std::move(connector));
  }

  /// Opens a load of a script whose `write` is given.
  void Open(const std::string& script) {
    destination_ = Script("write)\n" + script + ";;");
    auto load = destination_->OpenLoad(catalog_, context_, reports_);
    ASSERT_TRUE(load.ok()) << load.status().ToString();
    load_ = *std::move(load);
    auto writer = load_->OpenWriter(catalog_.streams[0], OrderSchema(), 0);
    ASSERT_TRUE(writer.ok()) << writer.status().ToString();
    writer_ = *std::move(writer);
  }
  Status Commit(CheckpointId id, int64_t at) {
    return load_->Commit({id, StateMessage::OfStream(kOrders, {{"at", at}})}, {});
  }

  std::string Text(const char* name) const {
    std::ostringstream out;
    out << std::ifstream(folder_.path() / name).rdbuf();
    return std::move(out).str();
  }
  std::string LogText() {
    const std::lock_guard lock(mutex_);
    return log_;
  }
  /// The messages of the file `input`, as the scripts here keep it.
  std::vector<Json> Input() const {
    std::vector<Json> messages;
    std::istringstream lines(Text("input"));
    for (std::string line; std::getline(lines, line);) messages.push_back(Json::parse(line));
    return messages;
  }

  ScratchFolder folder_ = *ScratchFolder::Make();
  std::chrono::milliseconds stall_ = std::chrono::minutes(5);
  std::mutex mutex_;
  std::string log_;
  ConfiguredCatalog catalog_;
  std::stop_source abandon_;
  LoadContext context_;
  Reports reports_;
  std::unique_ptr<ExternalDestination> destination_;
  std::unique_ptr<Load> load_;
  std::unique_ptr<StreamWriter> writer_;
};

TEST_F(ExternalDestinationTest, CheckIsTheConnectors) {
  EXPECT_TRUE(Script(R"(check) grep -q value-of-the-key "$3" && echo '{"type":"CONNECTION_STATUS",)"
                     R"("connectionStatus":{"status":"SUCCEEDED"}}';;)")
                  ->Check()
                  .ok());
  const Status refused = Script(R"(check) echo '{"type":"CONNECTION_STATUS","connectionStatus":)"
                                R"({"status":"FAILED","message":"no value-of-the-key"}}';;)")
                             ->Check();
  ASSERT_TRUE(refused.failed());
  EXPECT_EQ(refused.error().type, FailureType::kConfigError);
  EXPECT_EQ(refused.error().message, "no **********");
}

TEST_F(ExternalDestinationTest, MessagesComeInOrderUnderTheDestinationsNames) {
  Open("cp \"$5\" catalog; cat > input");
  ChangeBatch batch = Orders(1, 2);
  batch.changes = {{1, "text", "NULLED", "SOURCE_RETRIEVAL_ERROR"}};
  arrow::Int64Builder times;
  ASSERT_TRUE(times.Append(1'700'000'000'123).ok() && times.AppendNull().ok());
  batch.extracted_at = std::static_pointer_cast<arrow::Int64Array>(*times.Finish());
  ASSERT_TRUE(writer_->Write(batch).ok());
  ASSERT_TRUE(Commit(1, 2).ok());
  ASSERT_TRUE(writer_->Write(Orders(3, 1)).ok());
  EXPECT_EQ(writer_->Flush()->records, 3);
  ASSERT_TRUE(Commit(2, 3).ok());
  ASSERT_TRUE(load_->EndStream(kOrders).ok());
  ASSERT_TRUE(load_->EndInput());
  EXPECT_TRUE(reports_.End().ok());
  EXPECT_TRUE(load_->Close().ok());

  const auto input = Input();
  ASSERT_EQ(input.size(), 7u);
  const Json descriptor = {{"name", "raw_orders"}, {"namespace", "lake"}};
  const auto status = [&](const Json& message) {
    const Json& fields = message["trace"]["stream_status"];
    EXPECT_EQ(fields["stream_descriptor"], descriptor);
    return fields["status"].get<std::string>();
  };
  EXPECT_EQ(status(input[0]), "STARTED");
  EXPECT_EQ(input[1]["record"],
            Json::parse(R"({"stream":"raw_orders","namespace":"lake","data":)"
                        R"({"id":1,"text":"é\n\""},"emitted_at":1700000000123})"));
  EXPECT_EQ(input[2]["record"]["meta"],
            Json::parse(R"({"changes":[{"field":"text","change":"NULLED","reason":)"
                        R"("SOURCE_RETRIEVAL_ERROR"}]})"));
  EXPECT_GT(input[2]["record"]["emitted_at"], 1'700'000'000'123);
  EXPECT_EQ(input[3]["state"]["stream"],
            (Json{{"stream_descriptor", descriptor}, {"stream_state", {{"at", 2}}}}));
  EXPECT_EQ(input[3]["state"]["sourceStats"]["recordCount"], 2.0);
  EXPECT_EQ(input[5]["state"]["sourceStats"]["recordCount"], 1.0);
  EXPECT_EQ(input[5]["state"]["id"].get<int64_t>(), input[3]["state"]["id"].get<int64_t>() + 1);
  EXPECT_EQ(status(input[6]), "COMPLETE");

  const Json stream = Json::parse(Text("catalog"))["streams"][0];
  EXPECT_EQ(stream["stream"]["name"], "raw_orders");
  EXPECT_EQ(stream["stream"]["namespace"], "lake");
  EXPECT_EQ(stream["generation_id"], 4);
  EXPECT_EQ(stream["sync_id"], 9);
  EXPECT_FALSE(stream.contains("destination"));
}

TEST_F(ExternalDestinationTest, AnEchoIsACommit) {
  Open("while read -r line; do case $line in *STATE\\\",*) echo \"$line\";; esac; done");
  ASSERT_TRUE(Commit(1, 2).ok());
  EXPECT_TRUE(reports_.Await("committed 1")) << "at once, while its input is open";
  ASSERT_TRUE(Commit(2, 3).ok());
  ASSERT_TRUE(load_->EndStream(kOrders).ok());
  load_->EndInput();
  EXPECT_TRUE(reports_.End().ok());
  EXPECT_THAT(reports_.lines(), ElementsAre("committed 1", "committed 2", "end ok"));
}

TEST_F(ExternalDestinationTest, EchoesMayComeAtTheEnd) {
  Open("cat > input; grep STATE.,.state input");
  for (CheckpointId id = 1; id < 4; ++id) ASSERT_TRUE(Commit(id, static_cast<int64_t>(id)).ok());
  ASSERT_TRUE(load_->EndStream(kOrders).ok());
  load_->EndInput();
  EXPECT_TRUE(reports_.End().ok());
  EXPECT_THAT(reports_.lines(), ElementsAre("committed 1", "committed 2", "committed 3", "end ok"));
}

TEST_F(ExternalDestinationTest, AnIncompleteStreamIsSaid) {
  Open("cat > input; exit 1");
  load_->EndInput();
  EXPECT_TRUE(reports_.End().ok()) << "the program's exit code is about what it was told";
  EXPECT_EQ(Input().back()["trace"]["stream_status"]["status"], "INCOMPLETE");
  EXPECT_THAT(LogText(), HasSubstr("exit code 1"));
}

TEST_F(ExternalDestinationTest, AModeThatItDoesNotHaveIsRefused) {
  catalog_.streams[0].destination_sync_mode = DestinationSyncMode::kAppendDedup;
  const auto load = Script("", R"(["append","overwrite"])")->OpenLoad(catalog_, context_, reports_);
  ASSERT_FALSE(load.ok());
  EXPECT_EQ(load.status().error().type, FailureType::kConfigError);
  EXPECT_EQ(load.status().error().message,
            "the destination can't append_dedup (the mode of shop.orders); what it can: append, "
            "overwrite");
  EXPECT_EQ(load.status().error().stream, kOrders);
}

TEST_F(ExternalDestinationTest, AnEndInTheMiddleIsItsOwnReason) {
  Open("head -c 1000 > input; echo 'disk full of value-of-the-key' >&2; exit 3");
  Status written;
  for (int i = 0; i < 10'000 && written.ok(); ++i) written = writer_->Write(Orders(i, 100));
  const std::string why =
      "the connector ended with exit code 3; its last line: disk full of **********";
  ASSERT_TRUE(written.failed());
  EXPECT_EQ(written.error().message, why);
  EXPECT_EQ(reports_.End().error().message, "the destination: " + why);
}

TEST_F(ExternalDestinationTest, AnEndWhileNothingIsWrittenIsNoticed) {
  Open("read -r line; kill -9 $$");
  const Status end = reports_.End();
  ASSERT_TRUE(end.failed());
  EXPECT_EQ(end.error().type, FailureType::kTransientError);
  EXPECT_THAT(end.error().message, HasSubstr("signal 9"));
}

TEST_F(ExternalDestinationTest, AnEndBeforeItsInputsIsNoSuccess) {
  Open("read -r line; exit 0");
  EXPECT_THAT(reports_.End().ToString(), HasSubstr("before its input did"));
}

TEST_F(ExternalDestinationTest, ErrorsThatItTellsCount) {
  Open(R"(cat > input; echo '{"type":"TRACE","trace":{"type":"ERROR","error":{"message":)"
       R"("value-of-the-key is refused","failure_type":"config_error"}}}')");
  ASSERT_TRUE(load_->EndStream(kOrders).ok());
  load_->EndInput();
  const Status end = reports_.End();
  ASSERT_TRUE(end.failed());
  EXPECT_EQ(end.error().type, FailureType::kConfigError);
  EXPECT_EQ(end.error().message, "the destination: ********** is refused");
}

TEST_F(ExternalDestinationTest, OtherLinesAreLogLinesAndHalfAMessageIsAFailure) {
  Open(R"(echo 'a line'; echo '{"type":"LOG","log":{"level":"WARN","message":"careful"}}'
echo '{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"x"}}}}'
echo '{"type":"RECORD","record":{}}'; read -r line; echo '{"type":"STATE","state":{"ty'; cat)");
  const Status end = reports_.End();
  EXPECT_THAT(end.ToString(), HasSubstr("half a message"));
  EXPECT_THAT(LogText(), HasSubstr("WARN careful"));
  EXPECT_THAT(LogText(), HasSubstr("never given"));
  EXPECT_THAT(LogText(), HasSubstr("printed a record"));
}

TEST_F(ExternalDestinationTest, OneThatDoesNotReadHoldsTheWriterUpAndIsGivenUp) {
  stall_ = std::chrono::milliseconds(500);
  Open("sleep 600");
  Status written;
  for (int i = 0; i < 10'000 && written.ok(); ++i) written = writer_->Write(Orders(i, 100));
  ASSERT_TRUE(written.failed()) << "the pipe holds no 60 MB";
  EXPECT_EQ(written.error().type, FailureType::kTransientError);
  EXPECT_THAT(written.error().message, HasSubstr("neither read its input nor printed anything"));
  EXPECT_FALSE(reports_.End().ok());
}

TEST_F(ExternalDestinationTest, OneThatIsSilentAfterItsInputIsGivenUp) {
  stall_ = std::chrono::milliseconds(500);
  Open("cat > input; sleep 600");
  load_->EndInput();
  EXPECT_THAT(reports_.End().ToString(), HasSubstr("printed nothing for 0.5 seconds"));
}

TEST_F(ExternalDestinationTest, AbandoningStopsIt) {
  Open("echo $$ > pid; echo '{\"type\":\"LOG\",\"log\":{\"message\":\"up\"}}'; sleep 600");
  std::jthread canceler([this] {
    for (int i = 0; i < 600 && LogText().find("up") == std::string::npos; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    abandon_.request_stop();
  });
  Status written;
  while (written.ok()) written = writer_->Write(Orders(1, 100));
  EXPECT_TRUE(written.canceled()) << written.ToString();
  EXPECT_TRUE(load_->Close().ok());
  EXPECT_EQ(::kill(std::stoi(Text("pid")), 0), -1) << "it is gone";
  EXPECT_THAT(reports_.lines(), IsEmpty());
}

TEST_F(ExternalDestinationTest, FewerCheckpointsAreWantedWhileManyAreNotEchoed) {
  Open("cat > input");
  const std::string page(100'000, 'x');
  CheckpointId id = 0;
  while (load_->WantsCheckpoint() && id < 1000) {
    ASSERT_TRUE(load_->Commit({++id, StateMessage::OfStream(kOrders, {{"page", page}})}, {}).ok());
  }
  EXPECT_EQ(id, 21u) << "2 MB of them";
}

TEST_F(ExternalDestinationTest, AReplacedTableGoesOnWithNobody) {
  EXPECT_TRUE(Script("write) cat;;")->OpenLoad(catalog_, context_, reports_).ok());
  catalog_.streams[0].sync_mode = SyncMode::kFullRefresh;
  catalog_.streams[0].minimum_generation_id = 4;
  catalog_.streams[0].goes_on = true;
  const auto load = Script("write) touch started;;")->OpenLoad(catalog_, context_, reports_);
  ASSERT_TRUE(load.ok());
  EXPECT_FALSE((*load)->HasCommitsOf(kOrders));
  EXPECT_TRUE((*load)->Close().ok());
  EXPECT_THAT(Text("started"), IsEmpty()) << "the pipeline opens another load";
}

}  // namespace
}  // namespace millrace
