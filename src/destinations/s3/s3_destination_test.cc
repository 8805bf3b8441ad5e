#include "destinations/s3/s3_destination.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/uuid.h"
#include "clients/object_store/s3_store.h"
#include "clients/s3/testing/s3_server.h"
#include "lake/testing/write_rows.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

class S3DestinationTest : public testing::Test {
 protected:
  S3DestinationTest() : folder_("raw/" + RandomUuid()) {}

  Json Config() {
    const S3Config server = S3Server::Get().Config();
    return {{"s3_bucket_name", server.bucket},
            {"s3_bucket_path", folder_},
            {"s3_bucket_region", server.region},
            {"s3_endpoint", server.endpoint},
            {"access_key_id", server.credentials.access_key_id},
            {"secret_access_key", server.credentials.secret_access_key},
            {"s3_path_format", "${STREAM_NAME}/"},
            {"format", {{"format_type", "Parquet"}}}};
  }
  static std::unique_ptr<Destination> Make(const Json& config) {
    auto destination = MakeS3Destination(config);
    EXPECT_TRUE(destination.ok()) << destination.status().ToString();
    return *std::move(destination);
  }
  void Write(const ConfiguredStream& stream, const std::vector<int64_t>& ids,
             const LoadContext& context) {
    const Status status = WriteCustomers(*Make(Config()), stream, ids, context);
    ASSERT_TRUE(status.ok()) << status.ToString();
  }
  /// Below the folder, without what is hidden.
  std::vector<std::string> Objects() {
    auto store = MakeS3Store(S3Server::Get().Config(), folder_);
    auto objects = (*store)->List("");
    EXPECT_TRUE(objects.ok()) << objects.status().ToString();
    std::vector<std::string> keys;
    for (const ObjectInfo& object : *objects) {
      if (!object.key.starts_with('_')) keys.push_back(object.key);
    }
    return keys;
  }
  size_t UnfinishedUploads() {
    auto client = S3Client::Make(S3Server::Get().Config());
    auto uploads = (*client)->ListMultipartUploads(folder_);
    EXPECT_TRUE(uploads.ok());
    return uploads->size();
  }

  const std::string folder_;
};

TEST_F(S3DestinationTest, ChecksTheBucketAndSaysWhatIsWrong) {
  const Status good = Make(Config())->Check();
  EXPECT_TRUE(good.ok()) << good.ToString();
  EXPECT_THAT(Objects(), SizeIs(0));
  Json config = Config();
  config["s3_bucket_name"] = "no-such-bucket";
  Status status = Make(config)->Check();
  ASSERT_TRUE(status.failed());
  EXPECT_EQ(status.error().type, FailureType::kConfigError) << status.ToString();
  EXPECT_THAT(status.ToString(), HasSubstr("no-such-bucket"));
  config = Config();
  config["secret_access_key"] = "not-the-secret";
  status = Make(config)->Check();
  ASSERT_TRUE(status.failed());
  EXPECT_EQ(status.error().type, FailureType::kConfigError) << status.ToString();
  EXPECT_THAT(status.ToString(), testing::Not(HasSubstr("not-the-secret")));
}

TEST_F(S3DestinationTest, AppendsAndWithdrawsWhatWasNotSaved) {
  Write(CustomersStream(false), {1}, AttemptContext(0, 1));
  EXPECT_THAT(Objects(), ElementsAre("customers/0.parquet"));
  Write(CustomersStream(false), {2}, AttemptContext(1, 2));
  EXPECT_THAT(Objects(), ElementsAre("customers/0.parquet", "customers/1.parquet"));
  Write(CustomersStream(false), {2}, AttemptContext(1, 3));  // checkpoint 2 was not saved
  EXPECT_THAT(Objects(), ElementsAre("customers/0.parquet", "customers/2.parquet"));
  EXPECT_EQ(UnfinishedUploads(), 0U);
}

TEST_F(S3DestinationTest, OverwriteHidesTheNewGenerationUntilItIsComplete) {
  Write(CustomersStream(true, 1), {1}, AttemptContext(0, 1));
  auto destination = Make(Config());
  ConfiguredStream stream = CustomersStream(true, 2);
  stream.sync_mode = SyncMode::kIncremental;  // goes on over several attempts
  ConfiguredCatalog catalog;
  catalog.streams.push_back(stream);
  DeafListener listener;
  const LoadContext context = AttemptContext(1, 2);
  {
    auto load = destination->OpenLoad(catalog, context, listener);
    ASSERT_TRUE(load.ok()) << load.status().ToString();
    const ChangeBatch rows = CustomerRows({2});
    auto writer = (*load)->OpenWriter(stream, rows.rows->schema(), 0);
    ASSERT_TRUE(writer.ok());
    ASSERT_TRUE((*writer)->Write(rows).ok());
    auto parts = (*writer)->Flush();
    ASSERT_TRUE(parts.ok()) << parts.status().ToString();
    ASSERT_TRUE((*load)->Commit({2, {}}, {*parts}).ok());
    EXPECT_THAT(Objects(), ElementsAre("customers/0.parquet"));
  }  // the process dies
  Write(stream, {3}, AttemptContext(2, 3));
  EXPECT_THAT(Objects(), ElementsAre("customers/1.parquet", "customers/2.parquet"));
  EXPECT_EQ(UnfinishedUploads(), 0U);
}

TEST(S3DestinationConfig, RefusesFaultyConfigurations) {
  const Json good = {{"s3_bucket_name", "b"}, {"s3_endpoint", "http://localhost:1"}};
  EXPECT_TRUE(MakeS3Destination(good).ok());
  for (const auto& [field, value] :
       std::vector<std::pair<std::string, Json>>{{"s3_bucket_name", ""},
                                                 {"role_arn", "arn:aws:iam::1:role/x"},
                                                 {"access_key_id", "key without a secret"},
                                                 {"s3_endpoint", "::"},
                                                 {"format", {{"format_type", "ORC"}}}}) {
    Json config = good;
    config[field] = value;
    const auto destination = MakeS3Destination(config);
    ASSERT_FALSE(destination.ok()) << field;
    EXPECT_EQ(destination.status().error().type, FailureType::kConfigError) << field;
  }
}

}  // namespace
}  // namespace millrace
