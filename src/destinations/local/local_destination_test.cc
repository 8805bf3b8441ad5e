#include "destinations/local/local_destination.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/file_io.h"
#include "base/uuid.h"
#include "lake/testing/write_rows.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class LocalDestinationTest : public testing::Test {
 protected:
  LocalDestinationTest()
      : root_(std::filesystem::temp_directory_path() / ("local_destination_test." + RandomUuid())) {
  }
  ~LocalDestinationTest() override { std::filesystem::remove_all(root_); }

  std::unique_ptr<Destination> Make(Json config) {
    config["path"] = root_.string();
    auto destination = MakeLocalDestination(config);
    EXPECT_TRUE(destination.ok()) << destination.status().ToString();
    return *std::move(destination);
  }
  void Write(Json config, const ConfiguredStream& stream, CheckpointId last_saved = 0) {
    const Status status =
        WriteCustomers(*Make(std::move(config)), stream, {1, 2}, AttemptContext(last_saved));
    ASSERT_TRUE(status.ok()) << status.ToString();
  }
  /// Every file that is not hidden.
  std::vector<std::string> Files() {
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root_)) {
      const std::string path = entry.path().lexically_relative(root_).generic_string();
      if (entry.is_regular_file() && !path.starts_with('_') &&
          path.find("/_") == std::string::npos) {
        files.push_back(path);
      }
    }
    std::sort(files.begin(), files.end());
    return files;
  }

  const std::filesystem::path root_;
};

TEST_F(LocalDestinationTest, DefaultLayoutIsAirbytes) {
  Write({}, CustomersStream(true));
  EXPECT_THAT(Files(), ElementsAre("public/customers/2025_01_20_1737374400000_0.parquet"));
}

TEST_F(LocalDestinationTest, WritesTheDatedLayoutWithNumberedFiles) {
  const Json config = {{"s3_bucket_path", "raw"},
                       {"s3_path_format", "${STREAM_NAME}/${YEAR}/${MONTH}/${DAY}/"},
                       {"file_name_pattern", "data-{part_number:3}{format_extension}"}};
  ConfiguredStream stream = CustomersStream(true);
  stream.destination.name = "postgres_customers";
  Write(config, stream);
  EXPECT_THAT(Files(), ElementsAre("raw/postgres_customers/2025/01/20/data-001.parquet"));
  stream.generation_id = stream.minimum_generation_id = 2;
  Write(config, stream, 1);
  EXPECT_THAT(Files(), ElementsAre("raw/postgres_customers/2025/01/20/data-002.parquet"));
}

TEST_F(LocalDestinationTest, WritesBelowABucketPathOfPlaceholders) {
  const Json config = {
      {"s3_bucket_path", "airbyte-data/${NAMESPACE}/${STREAM_NAME}"},
      {"format",
       {{"format_type", "Parquet"}, {"compression_codec", "GZIP"}, {"block_size_mb", 128}}}};
  ConfiguredStream stream = CustomersStream(true);
  stream.destination.name_space = "production_public";
  Write(config, stream);
  EXPECT_THAT(Files(), ElementsAre("airbyte-data/production_public/customers/0.parquet"));
  EXPECT_TRUE(std::filesystem::exists(root_ / "airbyte-data/_airbyte_internal/tables"));
}

TEST_F(LocalDestinationTest, WritesCsvAndJsonl) {
  Write({{"format",
          {{"format_type", "CSV"}, {"compression", {{"compression_type", "No Compression"}}}}},
         {"s3_path_format", "${STREAM_NAME}/"}},
        CustomersStream(true));
  auto csv = ReadFile(root_ / "customers/0.csv");
  ASSERT_TRUE(csv.ok());
  EXPECT_EQ(*csv, "id,name\r\n1,name 1\r\n2,name 2\r\n");
  std::filesystem::remove_all(root_);
  Write({{"format", {{"format_type", "JSONL"}}}, {"s3_path_format", "${STREAM_NAME}/"}},
        CustomersStream(true));
  EXPECT_THAT(Files(), ElementsAre("customers/0.jsonl.gz"));
}

TEST_F(LocalDestinationTest, NamesCannotLeaveTheFolder) {
  ConfiguredStream stream = CustomersStream(true);
  stream.destination = {"../../../etc/x", ".."};
  Write({}, stream);
  EXPECT_THAT(Files(), ElementsAre("--/.._.._.._etc_x/2025_01_20_1737374400000_0.parquet"));
}

TEST_F(LocalDestinationTest, CheckLeavesNothingBehindAndNamesWhatIsWrong) {
  EXPECT_TRUE(Make({})->Check().ok());
  EXPECT_THAT(Files(), testing::IsEmpty());
  const auto under_a_file = root_ / "file";
  ASSERT_TRUE(WriteFileAtomically(under_a_file, "x").ok());
  auto destination = MakeLocalDestination({{"path", (under_a_file / "below").string()}});
  ASSERT_TRUE(destination.ok());
  const Status status = (*destination)->Check();
  ASSERT_TRUE(status.failed());
  EXPECT_EQ(status.error().type, FailureType::kConfigError);
  EXPECT_THAT(status.ToString(), HasSubstr("file"));
}

TEST_F(LocalDestinationTest, RefusesFaultyConfigurations) {
  const std::vector<std::pair<Json, const char*>> cases = {
      {Json::object(), "path"},
      {{{"path", 3}}, "path"},
      {{{"path", "x"}, {"format", {{"format_type", "Parquet"}, {"compression_codec", "LZO"}}}},
       "LZO"},
      {{{"path", "x"}, {"format", {{"format_type", "Parquet"}, {"block_size_mb", 0}}}},
       "block_size_mb"},
      {{{"path", "x"}, {"format", {{"format_type", "CSV"}, {"flattening", "deep"}}}}, "flattening"},
      {{{"path", "x"}, {"format", {{"format_type", "ORC"}}}}, "ORC"},
      {{{"path", "x"}, {"file_name_pattern", "a/b"}}, "file_name_pattern"},
  };
  for (const auto& [config, names] : cases) {
    const auto destination = MakeLocalDestination(config);
    ASSERT_FALSE(destination.ok()) << config.dump();
    EXPECT_EQ(destination.status().error().type, FailureType::kConfigError);
    EXPECT_THAT(destination.status().ToString(), HasSubstr(names));
  }
}

}  // namespace
}  // namespace millrace
