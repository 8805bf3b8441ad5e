// S3Client against a real server.

#include <gtest/gtest.h>

#include <algorithm>

#include "base/uuid.h"
#include "clients/s3/s3_client.h"
#include "clients/s3/testing/s3_server.h"

namespace millrace {
namespace {

class S3ServerTest : public testing::Test {
 protected:
  void SetUp() override {
    auto client = S3Client::Make(S3Server::Get().Config());
    ASSERT_TRUE(client.ok()) << client.status().ToString();
    client_ = *std::move(client);
    prefix_ = RandomUuid() + "/";
  }

  std::string ReadAll(const std::string& key, int64_t offset) {
    auto reader = client_->OpenObject(key, offset);
    EXPECT_TRUE(reader.ok()) << reader.status().ToString();
    if (!reader.ok()) return "";
    std::string all, piece(100'000, '\0');
    for (;;) {
      const auto got = (*reader)->Read(piece.data(), static_cast<int64_t>(piece.size()));
      EXPECT_TRUE(got.ok()) << got.status().ToString();
      if (!got.ok() || *got == 0) return all;
      all.append(piece, 0, static_cast<size_t>(*got));
    }
  }

  std::unique_ptr<S3Client> client_;
  std::string prefix_;
};

#define ASSERT_OK(expression)                                \
  do {                                                       \
    const auto& result = (expression);                       \
    ASSERT_TRUE(result.ok()) << StatusOf(result).ToString(); \
  } while (false)

Status StatusOf(const Status& status) { return status; }
template <typename T>
Status StatusOf(const Result<T>& result) {
  return result.status();
}

TEST_F(S3ServerTest, WritesAndReadsObjects) {
  const std::string key = prefix_ + "object";
  EXPECT_EQ(*client_->HeadObject(key), nullptr);
  ASSERT_OK(client_->PutObject(key, "0123456789"));
  const auto object = client_->HeadObject(key);
  ASSERT_OK(object);
  EXPECT_EQ((*object)->size, 10);
  EXPECT_GT((*object)->last_modified, WallTime(std::chrono::seconds(1'600'000'000)));
  EXPECT_EQ(*client_->GetObject(key, 2, 3), "234");
  EXPECT_EQ(*client_->GetObject(key, 8, 100), "89");
  EXPECT_EQ(*client_->GetObject(key, 10, 5), "");
  EXPECT_EQ(ReadAll(key, 0), "0123456789");
  EXPECT_EQ(ReadAll(key, 7), "789");
  EXPECT_EQ(ReadAll(key, 10), "");
  ASSERT_OK(client_->PutObject(prefix_ + "empty", ""));
  EXPECT_EQ(ReadAll(prefix_ + "empty", 0), "");
  ASSERT_OK(client_->CopyObject(key, prefix_ + "copy"));
  EXPECT_EQ(ReadAll(prefix_ + "copy", 0), "0123456789");
  const auto missing = client_->OpenObject(prefix_ + "missing", 0);
  EXPECT_NE(missing.status().ToString().find("there is no such object"), std::string::npos)
      << missing.status().ToString();
}

TEST_F(S3ServerTest, TakesAnyKey) {
  std::vector<std::string> keys = {"plain",
                                   "with blank",
                                   "plus+plus",
                                   "per%20cent%",
                                   "\xc3\xa9t\xc3\xa9/\xe6\x97\xa5\xe6\x9c\xac",
                                   "a&b<c>\"d'",
                                   "equals=1",
                                   "semi;colon,comma",
                                   "~tilde*(star)!",
                                   "quest?ion#hash",
                                   "x:y@z$",
                                   "[b]{c}|d^e`f"};
  for (auto& key : keys) {
    key = prefix_ + key;
    ASSERT_OK(client_->PutObject(key, key));
    EXPECT_EQ(ReadAll(key, 0), key);
  }
  std::sort(keys.begin(), keys.end());
  const auto listed = client_->ListObjects(prefix_);
  ASSERT_OK(listed);
  std::vector<std::string> names;
  for (const S3Object& object : *listed) {
    names.push_back(object.key);
    EXPECT_EQ(object.size, static_cast<int64_t>(object.key.size()));
    EXPECT_FALSE(object.etag.empty());
  }
  EXPECT_EQ(names, keys);
  ASSERT_OK(client_->DeleteObjects(keys));
  EXPECT_TRUE((*client_->ListObjects(prefix_)).empty());
  ASSERT_OK(client_->DeleteObjects(keys));
  ASSERT_OK(client_->DeleteObjects({prefix_ + "never there"}));
}

TEST_F(S3ServerTest, ListsInPages) {
  std::vector<std::string> keys;
  for (int i = 0; i < 1203; ++i) {
    keys.push_back(fmt::format("{}n{:05}", prefix_, i));
    ASSERT_OK(client_->PutObject(keys.back(), "x"));
  }
  const auto listed = client_->ListObjects(prefix_);
  ASSERT_OK(listed);
  ASSERT_EQ((*listed).size(), keys.size());
  for (size_t i = 0; i < keys.size(); ++i) ASSERT_EQ((*listed)[i].key, keys[i]);
  ASSERT_OK(client_->DeleteObjects(keys));
  EXPECT_TRUE((*client_->ListObjects(prefix_)).empty());
}

TEST_F(S3ServerTest, WritesOnCondition) {
  const std::string key = prefix_ + "manifest";
  EXPECT_TRUE(*client_->PutObject(key, "one", {.if_absent = true}));
  EXPECT_FALSE(*client_->PutObject(key, "two", {.if_absent = true}));
  const std::string etag = (*client_->HeadObject(key)).get()->etag;
  EXPECT_TRUE(*client_->PutObject(key, "three", {.if_match = etag}));
  EXPECT_FALSE(*client_->PutObject(key, "four", {.if_match = etag}));
  EXPECT_FALSE(*client_->PutObject(prefix_ + "other", "x", {.if_match = etag}));
  EXPECT_EQ(ReadAll(key, 0), "three");
}

TEST_F(S3ServerTest, UploadsInPartsThatStayHidden) {
  const std::string key = prefix_ + "large +%";
  const std::string a(5 << 20, 'a'), b(5 << 20, 'b'), c = "the end";
  const auto id = client_->CreateMultipartUpload(key, {{"x-amz-meta-millrace-upload", "t1"}});
  ASSERT_OK(id);
  const S3Upload upload{key, *id};
  std::vector<S3Part> parts;
  for (const std::string* body : {&a, &b, &c}) {
    const auto part = client_->UploadPart(upload, static_cast<int>(parts.size()) + 1, *body);
    ASSERT_OK(part);
    parts.push_back(*part);
  }
  EXPECT_EQ(*client_->HeadObject(key), nullptr);
  EXPECT_TRUE((*client_->ListObjects(prefix_)).empty());
  const auto listed = client_->ListParts(upload);
  ASSERT_OK(listed);
  ASSERT_EQ((*listed).size(), 3u);
  EXPECT_EQ((*listed)[2].size, 7);
  const auto pending = client_->ListMultipartUploads(prefix_);
  ASSERT_OK(pending);
  ASSERT_EQ((*pending).size(), 1u);
  EXPECT_EQ((*pending)[0].key, key);

  ASSERT_OK(client_->CompleteMultipartUpload(upload, parts));
  EXPECT_TRUE(ReadAll(key, 0) == a + b + c);
  const auto object = client_->HeadObject(key);
  const HttpResponseHead head{.status = 200, .headers = (*object)->headers};
  EXPECT_EQ(head.Find("x-amz-meta-millrace-upload"), "t1");

  const S3Upload copy{prefix_ + "copy", *client_->CreateMultipartUpload(prefix_ + "copy", {})};
  const auto copied = client_->UploadPartCopy(copy, 1, key, 0, 5 << 20);
  ASSERT_OK(copied);
  const auto tail = client_->UploadPart(copy, 2, "tail");
  ASSERT_OK(tail);
  ASSERT_OK(client_->CompleteMultipartUpload(copy, {*copied, *tail}));
  EXPECT_TRUE(ReadAll(prefix_ + "copy", 0) == a + "tail");
}

TEST_F(S3ServerTest, AbortsUploads) {
  const std::string key = prefix_ + "given up";
  const S3Upload upload{key, *client_->CreateMultipartUpload(key, {})};
  ASSERT_OK(client_->UploadPart(upload, 1, "x"));
  ASSERT_OK(client_->AbortMultipartUpload(upload));
  ASSERT_OK(client_->AbortMultipartUpload(upload));
  EXPECT_TRUE((*client_->ListMultipartUploads(prefix_)).empty());
  const auto completed = client_->CompleteMultipartUpload(upload, {{1, "\"e\"", 1}});
  ASSERT_OK(completed);
  EXPECT_FALSE(*completed);
}

TEST_F(S3ServerTest, NamesWhatIsWrongWithTheConfiguration) {
  const auto problem = [&](auto change) {
    S3Config config = S3Server::Get().Config();
    change(config);
    const auto client = S3Client::Make(config);
    const auto written = (*client)->PutObject(prefix_ + "x", "x");
    const auto read = (*client)->HeadObject(prefix_ + "x");
    for (const Status& status : {written.status(), read.status()}) {
      EXPECT_TRUE(status.failed() && status.error().type == FailureType::kConfigError)
          << config.bucket << " " << status.ToString();
    }
    return written.status().ToString();
  };
  EXPECT_NE(problem([](S3Config& c) {
              c.credentials.secret_access_key = "wrong";
            }).find("check the secret access key"),
            std::string::npos);
  EXPECT_NE(problem([](S3Config& c) {
              c.credentials.access_key_id = "nobody";
            }).find("access key id is not known"),
            std::string::npos);
  // This server makes a missing bucket for who writes to it; reading shows the error.
  S3Config config = S3Server::Get().Config();
  config.bucket = "no-such-bucket";
  const auto client = S3Client::Make(config);
  for (const Status& status :
       {(*client)->HeadObject("x").status(), (*client)->ListObjects("").status()}) {
    EXPECT_NE(status.ToString().find("there is no such bucket"), std::string::npos);
  }
}

}  // namespace
}  // namespace millrace
