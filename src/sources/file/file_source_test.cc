#include "sources/file/file_source.h"

#include <arrow/record_batch.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "connector/json_schema.h"
#include "formats/testing/batch_text.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;

/// Keeps what a source says.
class CollectingOutput : public SourceOutput {
 public:
  Status Open(const StreamDescriptor&, const SchemaPtr& opened) override {
    schema = SchemaText(*opened);
    return Status::Ok();
  }
  Status Emit(const StreamDescriptor&, ChangeBatch batch, Deadline) override {
    rows += batch.num_rows();
    text += BatchText(*batch.rows);
    return Status::Ok();
  }
  Status Truncate(const StreamDescriptor&) override { return Status::Ok(); }
  Status Checkpoint(StateMessage state) override {
    checkpoints.push_back(ToJson(state).dump());
    return Status::Ok();
  }
  void ReportStatus(const StreamDescriptor&, StreamStatus status,
                    std::optional<Error> why) override {
    last_status = status;
    error = why ? why->message : "";
  }
  void ReportEstimate(const StreamDescriptor&, std::optional<int64_t>,
                      std::optional<int64_t>) override {}

  std::string schema, text, error;
  int64_t rows = 0;
  StreamStatus last_status = StreamStatus::kStarted;
  std::vector<std::string> checkpoints;
};

class FileSourceTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("file_source_test." + std::to_string(::getpid()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& content) {
    const fs::path path = folder_ / name;
    std::ofstream(path, std::ios::binary) << content;
    return path.string();
  }
  static Json Config(const std::string& url, const std::string& format,
                     const std::string& options = "") {
    return Json{{"dataset_name", "data"},
                {"format", format},
                {"url", url},
                {"provider", {{"storage", "local"}}},
                {"reader_options", options}};
  }
  /// Reads all of it, split or not; `split` says which it was.
  static CollectingOutput ReadAll(const Json& config, bool* split = nullptr) {
    CollectingOutput output;
    auto source = MakeFileSource(config);
    if (!source.ok()) {
      output.error = source.status().ToString();
      return output;
    }
    const auto catalog = (*source)->Discover();
    if (!catalog.ok()) {
      output.error = catalog.status().ToString();
      return output;
    }
    ConfiguredStream stream;
    stream.stream = catalog->streams.at(0);
    auto& partitioned = static_cast<PartitionedSource&>(**source);
    const auto partitions = partitioned.Split(stream, {});
    EXPECT_TRUE(partitions.ok());
    if (split != nullptr) *split = !partitions->empty();
    if (partitions->empty()) {
      ConfiguredCatalog configured;
      configured.streams.push_back(stream);
      EXPECT_TRUE((*source)->Read(configured, {}, output, {}).ok());
      return output;
    }
    for (const Partition& partition : *partitions) {
      const Status read = partitioned.ReadPartition(stream, partition, output, {});
      EXPECT_TRUE(read.ok()) << read.ToString();
    }
    return output;
  }

  fs::path folder_;
};

TEST_F(FileSourceTest, ReadsASmallCsvFile) {
  const CollectingOutput output = ReadAll(Config(Write("a.csv", "id,name\n1,Ada\n2,\n"), "csv"));
  EXPECT_EQ(output.schema, "id:int64 name:string");
  EXPECT_EQ(output.text, "1|Ada\n2|∅\n");
  EXPECT_EQ(output.last_status, StreamStatus::kComplete);
  ASSERT_EQ(output.checkpoints.size(), 1U);
  EXPECT_NE(output.checkpoints[0].find("__ab_no_cursor_state_message"), std::string::npos);
}

TEST_F(FileSourceTest, AHeaderAloneIsAStreamWithoutRows) {
  const CollectingOutput output = ReadAll(Config(Write("a.csv", "id,name\n"), "csv"));
  EXPECT_EQ(output.schema, "id:string name:string");
  EXPECT_EQ(output.rows, 0);
  EXPECT_EQ(output.last_status, StreamStatus::kComplete);
}

TEST_F(FileSourceTest, ReadsTsvByOptions) {
  const CollectingOutput output =
      ReadAll(Config(Write("a.tsv", "a\tb\n1\tx,y\n"), "csv", R"({"sep": "\t", "dtype": "str"})"));
  EXPECT_EQ(output.schema, "a:string b:string");
  EXPECT_EQ(output.text, "1|x,y\n");
}

TEST_F(FileSourceTest, ReadsLatin1AndUtf16) {
  EXPECT_EQ(
      ReadAll(Config(Write("l.csv", "a\n\xE9t\xE9\n"), "csv", R"({"encoding":"latin-1"})")).text,
      "\xC3\xA9t\xC3\xA9\n");
  const std::string wide(
      "\xFF\xFE"
      "a\0\n\0\xE9\0\n\0",
      10);
  EXPECT_EQ(ReadAll(Config(Write("w.csv", wide), "csv", R"({"encoding":"utf-16"})")).text,
            "\xC3\xA9\n");
}

TEST_F(FileSourceTest, PiecesHoldWhatTheWholeHolds) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  // Values that go over many lines, some of which look like rows: every guess of a row's start is
  // wrong now and then.
  std::string csv = "id,text,n\n", expected;
  for (int64_t row = 0; csv.size() < (50U << 20); ++row) {
    std::string value;
    const int lines = row % 7 == 0 ? static_cast<int>(random() % 20'000) : 1;
    for (int line = 0; line < lines; ++line) value += std::to_string(line) + ",x,1\n";
    value += "end";
    csv += std::to_string(row) + ",\"" + value + "\"," + std::to_string(random() % 100) + "\n";
    expected += std::to_string(row) + "|" + value + "|";
    expected += csv.substr(csv.rfind(',') + 1);
  }
  bool split = false;
  const CollectingOutput output = ReadAll(Config(Write("big.csv", csv), "csv"), &split);
  EXPECT_TRUE(split);
  EXPECT_EQ(output.schema, "id:int64 text:string n:int64");
  EXPECT_TRUE(output.text == expected) << "the pieces differ from the file";
}

TEST_F(FileSourceTest, NamesTheTrueLineInALaterPiece) {
  std::string csv = "a,b\n";
  int64_t line = 1;
  for (; csv.size() < (40U << 20); ++line) csv += "1,some text to fill the line with\n";
  csv += "1,2,3\n";
  const std::string path = Write("bad.csv", csv);
  auto source = MakeFileSource(Config(path, "csv"));
  const auto catalog = (*source)->Discover();
  ASSERT_TRUE(catalog.ok());
  ConfiguredStream stream;
  stream.stream = catalog->streams.at(0);
  auto& partitioned = static_cast<PartitionedSource&>(**source);
  const auto partitions = partitioned.Split(stream, {});
  CollectingOutput output;
  const Status read = partitioned.ReadPartition(stream, partitions->back(), output, {});
  ASSERT_TRUE(read.failed());
  EXPECT_NE(read.error().message.find("line " + std::to_string(line + 1) + ": the row has 3"),
            std::string::npos)
      << read.error().message;
  EXPECT_NE(read.error().message.find("bad.csv"), std::string::npos);
}

TEST_F(FileSourceTest, FindsAKeyInTheLastRecord) {
  std::string jsonl;
  int64_t rows = 0;
  for (; jsonl.size() < (40U << 20); ++rows) {
    jsonl += "{\"id\":" + std::to_string(rows) + ",\"v\":1,\"text\":\"some text to fill it\"}\n";
  }
  jsonl += "{\"id\":-1,\"v\":\"x\",\"late\":[1.5]}\n";
  bool split = false;
  const std::string path = Write("big.jsonl", jsonl);
  const CollectingOutput output = ReadAll(Config(path, "jsonl"), &split);
  EXPECT_TRUE(split);
  EXPECT_EQ(output.schema.substr(0, 46), "id:int64 v:string text:string late:list<item: ");
  EXPECT_EQ(output.rows, rows + 1);
  EXPECT_EQ(output.text.substr(output.text.rfind("-1|")), "-1|x|∅|[1.5]\n");
}

TEST_F(FileSourceTest, ReadsOnlyTheSelectedColumns) {
  auto source = MakeFileSource(Config(Write("a.csv", "a,b,c\n1,2,3\n"), "csv"));
  const auto catalog = (*source)->Discover();
  ConfiguredCatalog configured;
  configured.streams.resize(1);
  configured.streams[0].stream = catalog->streams.at(0);
  configured.streams[0].selected_fields = {"c", "a"};
  CollectingOutput output;
  ASSERT_TRUE((*source)->Read(configured, {}, output, {}).ok());
  EXPECT_EQ(output.schema, "a:int64 c:int64");
  EXPECT_EQ(output.text, "1|3\n");
}

TEST_F(FileSourceTest, NoticesAFileReplacedWhileItIsRead) {
  const std::string path = Write("a.csv", "a\n1\n2\n");
  auto source = MakeFileSource(Config(path, "csv"));
  const auto catalog = (*source)->Discover();
  ConfiguredCatalog configured;
  configured.streams.resize(1);
  configured.streams[0].stream = catalog->streams.at(0);
  std::ofstream(path, std::ios::app) << "3\n";
  CollectingOutput grown;
  ASSERT_TRUE((*source)->Read(configured, {}, grown, {}).ok());
  EXPECT_EQ(grown.text, "1\n2\n");
  EXPECT_EQ(grown.last_status, StreamStatus::kComplete);
  Write("a.csv", "a\nx\n");
  CollectingOutput replaced;
  ASSERT_TRUE((*source)->Read(configured, {}, replaced, {}).ok());
  EXPECT_EQ(replaced.last_status, StreamStatus::kIncomplete);
  EXPECT_NE(replaced.error.find("has changed while it was read"), std::string::npos);
}

TEST_F(FileSourceTest, RefusesWrongConfigurations) {
  const auto message = [](const Json& config) {
    const auto source = MakeFileSource(config);
    EXPECT_FALSE(source.ok());
    return source.ok() ? std::string() : source.status().ToString();
  };
  EXPECT_NE(message(Config("x", "excel_binary")).find("'excel_binary' comes later"),
            std::string::npos);
  EXPECT_NE(message(Config("x", "docx")).find("'docx' is not known"), std::string::npos);
  EXPECT_NE(message(Config("x", "csv", "{sep: 1}")).find("reader_options"), std::string::npos);
  EXPECT_NE(message(Config("x", "csv", R"({"sep": "ab"})")).find("sep must be one"),
            std::string::npos);
  Json ssh = Config("x", "csv");
  ssh["provider"] = {{"storage", "SFTP"}, {"user", "u"}, {"host", "h"}};
  EXPECT_NE(message(ssh).find("provider.password"), std::string::npos);
}

TEST_F(FileSourceTest, SaysWhyAFileCannotBeRead) {
  const auto check = [](const Json& config) {
    const auto source = MakeFileSource(config);
    const Status status = (*source)->Check();
    EXPECT_TRUE(status.failed() && status.error().type == FailureType::kConfigError);
    return status.ToString();
  };
  EXPECT_NE(check(Config((folder_ / "none.csv").string(), "csv")).find("none.csv"),
            std::string::npos);
  EXPECT_NE(check(Config(folder_.string(), "csv")).find("is a folder"), std::string::npos);
  EXPECT_NE(check(Config(Write("e.csv", ""), "csv")).find("empty"), std::string::npos);
}

}  // namespace
}  // namespace millrace
