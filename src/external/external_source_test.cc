#include "external/external_source.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <gmock/gmock.h>

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
using ::testing::Not;

/// Writes down what a source hands on, a line each.
class WrittenOutput : public SourceOutput {
 public:
  Status Open(const StreamDescriptor& stream, const SchemaPtr&) override {
    lines.push_back("open " + stream.ToString());
    return Status::Ok();
  }
  Status Emit(const StreamDescriptor& stream, ChangeBatch batch, Deadline) override {
    for (int64_t row = 0; row < batch.num_rows(); ++row) {
      const auto& ids = static_cast<const arrow::Int64Array&>(*batch.rows->column(0));
      lines.push_back(fmt::format("{} {}", stream.ToString(),
                                  ids.IsNull(row) ? "null" : std::to_string(ids.Value(row))));
    }
    for (const FieldChange& change : batch.changes) {
      lines.push_back(fmt::format("change {} {}", change.field, change.reason));
    }
    return Status::Ok();
  }
  Status Truncate(const StreamDescriptor&) override { return Status::Ok(); }
  Status Checkpoint(StateMessage state) override {
    lines.push_back("state " + ToJson(state).dump());
    return Status::Ok();
  }
  void ReportStatus(const StreamDescriptor& stream, StreamStatus status,
                    std::optional<Error> error) override {
    lines.push_back(fmt::format("{} {}{}", stream.ToString(), ToString(status),
                                error ? ": " + error->message : ""));
  }
  void ReportEstimate(const StreamDescriptor& stream, std::optional<int64_t> rows,
                      std::optional<int64_t>) override {
    lines.push_back(fmt::format("{} about {} rows", stream.ToString(), rows.value_or(-1)));
  }

  std::vector<std::string> lines;
};

/// A connector that is a shell script: `spec` and then what the test says.
class ExternalSourceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::signal(SIGPIPE, SIG_IGN);
    SetLogSink([this](LogLevel level, std::string_view line) {
      const std::lock_guard lock(mutex_);
      log_ += fmt::format("{} {}\n", ToString(level), line);
    });
  }
  void TearDown() override { SetLogSink({}); }

  std::unique_ptr<ExternalSource> Script(const std::string& tasks) {
    const auto path = folder_.path() / "connector.sh";
    std::ofstream(path) << R"(case $1 in
spec) echo '{"type":"SPEC","spec":{"connectionSpecification":{"type":"object"}}}';;
)" << tasks << "\nesac\n";
    ExternalConnector connector;
    connector.command.arguments = {"sh", path.string()};
    connector.command.folder = folder_.path();
    connector.command.stall = stall_;
    connector.config = Json{{"key", "value-of-the-key"}};
    connector.fit_config = [](const Json&, Json* config) {
      Secrets::Register((*config)["key"].get<std::string>());
      return Status::Ok();
    };
    connector.keep_config = keep_config_;
    return std::make_unique<ExternalSource>(std::move(connector));
  }

  /// Reads the streams a and b (an integer id) of a script whose `read` is given.
  Status Read(const std::string& script, const State& state = {}, std::stop_token stop = {}) {
    output_ = {};
    ConfiguredCatalog catalog;
    for (const char* name : {"a", "b"}) {
      ConfiguredStream stream;
      stream.stream.descriptor.name = name;
      stream.stream.json_schema = Json::parse(R"({"properties": {"id": {"type": "integer"}}})");
      catalog.streams.push_back(std::move(stream));
    }
    return Script("read)\n" + script + ";;")->Read(catalog, state, output_, stop);
  }

  static std::string Print(const std::string& message) {
    return "printf '%s\\n' '" + message + "'\n";
  }
  static std::string Record(const std::string& stream, const std::string& id) {
    return Print(R"({"type":"RECORD","record":{"stream":")" + stream + R"(","data":{"id":)" + id +
                 R"(},"emitted_at":1}})");
  }
  static std::string Complete(const std::string& stream) {
    return Print(R"({"type":"TRACE","trace":{"type":"STREAM_STATUS","stream_status":{)"
                 R"("stream_descriptor":{"name":")" +
                 stream + R"("},"status":"COMPLETE"}}})");
  }

  ScratchFolder folder_ = *ScratchFolder::Make();
  std::chrono::milliseconds stall_ = std::chrono::minutes(5);
  ConnectorWords::KeepConfig keep_config_;
  WrittenOutput output_;
  std::mutex mutex_;
  std::string log_;
};

TEST_F(ExternalSourceTest, HandsOnRowsStatesStatusesAndEstimates) {
  const Status read = Read(
      Print(R"({"type":"TRACE","trace":{"type":"ESTIMATE","estimate":{"name":"a","type":"STREAM",)"
            R"("row_estimate":9}}})") +
      Record("a", "1") + Record("b", "\"text\"") +
      Print(
          R"({"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"b"},)"
          R"("stream_state":{"at":1}}}})") +
      Print(R"({"type":"STATE","state":{"type":"GLOBAL","global":{"shared_state":{},)"
            R"("stream_states":[]}}})") +
      Record("a", "2") + Complete("a") + Complete("b"));
  EXPECT_TRUE(read.ok()) << read.ToString();
  EXPECT_THAT(
      output_.lines,
      ElementsAre("a STARTED", "open a", "b STARTED", "open b", "a about 9 rows", "b null",
                  "change id DESTINATION_SERIALIZATION_ERROR",
                  R"(state {"type":"STREAM","stream":{"stream_descriptor":{"name":"b"},)"
                  R"("stream_state":{"at":1}}})",
                  "a 1",
                  R"(state {"type":"GLOBAL","global":{"shared_state":{},"stream_states":[]}})",
                  "a 2", "a COMPLETE", "b COMPLETE"));
}

TEST_F(ExternalSourceTest, WithoutAnyStatusTheEndCompletes) {
  EXPECT_TRUE(Read(Record("a", "1")).ok());
  EXPECT_THAT(output_.lines, ElementsAre("a STARTED", "open a", "b STARTED", "open b", "a 1",
                                         "a COMPLETE", "b COMPLETE"));
}

TEST_F(ExternalSourceTest, AStreamWithoutItsStatusIsIncomplete) {
  EXPECT_TRUE(Read(Record("a", "1") + Complete("b")).ok());
  EXPECT_THAT(output_.lines,
              ElementsAre("a STARTED", "open a", "b STARTED", "open b", "b COMPLETE", "a 1",
                          "a INCOMPLETE: the source did not complete this stream"));
}

TEST_F(ExternalSourceTest, NothingAtAllIsNoSuccess) {
  const Status read = Read("echo hello; echo oops >&2");
  ASSERT_TRUE(read.failed());
  EXPECT_EQ(read.error().message, "the connector ended without an answer; its last line: oops");
  EXPECT_EQ(read.error().internal, "hello\noops");
}

TEST_F(ExternalSourceTest, FilesArePrivateAndGoWithTheRun) {
  const State state = *StateFromJson(Json::parse(R"({"type": "LEGACY", "data": {"at": 5}})"));
  const Status read = Read(
      "cp \"$3\" \"$5\" \"$7\" .; stat -c %a \"$3\" \"$HOME\" > modes; echo \"$@\" > arguments\n" +
          Record("a", "1"),
      state);
  ASSERT_TRUE(read.ok()) << read.ToString();
  const auto text = [this](const char* name) {
    std::ostringstream out;
    out << std::ifstream(folder_.path() / name).rdbuf();
    return std::move(out).str();
  };
  EXPECT_EQ(Json::parse(text("config.json")), Json({{"key", "value-of-the-key"}}));
  EXPECT_EQ(Json::parse(text("state.json")), Json({{"at", 5}}));  // LEGACY, as it was
  EXPECT_EQ(Json::parse(text("catalog.json"))["streams"].size(), 2u);
  EXPECT_EQ(text("modes"), "600\n700\n");
  EXPECT_THAT(text("arguments"), Not(HasSubstr("value-of-the-key")));
  const std::string config = text("arguments").substr(sizeof "read --config");
  EXPECT_FALSE(std::filesystem::exists(config.substr(0, config.find(' '))));
}

TEST_F(ExternalSourceTest, SilenceEnds) {
  stall_ = std::chrono::milliseconds(400);
  const Status read = Read(Record("a", "1") + "sleep 600");
  ASSERT_TRUE(read.failed());
  EXPECT_EQ(read.error().type, FailureType::kTransientError);
  EXPECT_EQ(read.error().message, "the connector printed nothing for 0.4 seconds; it was stopped");
  EXPECT_EQ(output_.lines.back(), "b INCOMPLETE: " + read.error().message);
}

TEST_F(ExternalSourceTest, AStopEndsIt) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_TRUE(Read("sleep 600", {}, stop.get_token()).canceled());
}

TEST_F(ExternalSourceTest, AChangedConfigurationIsKeptAndUsed) {
  std::string kept;
  keep_config_ = [&kept](const Json& config) {
    kept = config.dump();
    return Status::Ok();
  };
  const std::string control =
      Print(R"({"type":"CONTROL","control":{"type":"CONNECTOR_CONFIG","connectorConfig":{"config":)"
            R"({"key":"rotated"}}}})");
  const auto source =
      Script("check)\n" + control +
             Print(R"({"type":"CONNECTION_STATUS","connectionStatus":{"status":"SUCCEEDED"}})") +
             ";;\ndiscover) cat \"$3\" >&2;;");
  EXPECT_TRUE(source->Check().ok());
  EXPECT_EQ(kept, R"({"key":"rotated"})");
  EXPECT_FALSE(source->Discover().ok());
  EXPECT_THAT(log_, HasSubstr(R"({"key":"rotated"})"));
}

TEST_F(ExternalSourceTest, ErrorsAreThoseOfTheConnectorWithoutItsSecrets) {
  const auto source = Script(
      "check)\n" +
      Print(R"({"type":"LOG","log":{"level":"WARN","message":"using value-of-the-key"}})") +
      Print(
          R"({"type":"TRACE","trace":{"type":"ERROR","error":{"message":)"
          R"("value-of-the-key is\nrefused","failure_type":"config_error","stack_trace":"deep"}}})") +
      "exit 1;;");
  const Status check = source->Check();
  ASSERT_TRUE(check.failed());
  EXPECT_EQ(check.error().type, FailureType::kConfigError);
  EXPECT_EQ(check.error().message, "check: ********** is refused");
  EXPECT_EQ(check.error().internal, "deep");
  EXPECT_THAT(log_, HasSubstr("WARN using **********\n"));
}

TEST_F(ExternalSourceTest, AWrongSpecificationIsSaid) {
  ExternalConnector connector;
  connector.command.folder = folder_.path();
  connector.command.arguments = {"sh", "-c", Print(R"({"type":"SPEC","spec":{}})")};
  EXPECT_THAT(ExternalSource(connector).Check().ToString(), HasSubstr("connectionSpecification"));
  connector.command.arguments = {"false"};
  EXPECT_EQ(ExternalSource(connector).Check().ToString(),
            "spec: the connector ended with exit code 1");
}

}  // namespace
}  // namespace millrace
