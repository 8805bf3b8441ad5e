#include "clients/object_store/s3_store.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "base/json.h"
#include "base/uuid.h"
#include "clients/http/testing/fault_proxy.h"
#include "clients/http/testing/scripted_server.h"
#include "clients/object_store/multipart_upload.h"
#include "clients/s3/testing/s3_server.h"

namespace millrace {
namespace {

Status StatusOf(const Status& status) { return status; }
template <typename T>
Status StatusOf(const Result<T>& result) {
  return result.status();
}
#define ASSERT_OK(expression)                                \
  do {                                                       \
    const auto& result = (expression);                       \
    ASSERT_TRUE(result.ok()) << StatusOf(result).ToString(); \
  } while (false)

std::string Content(size_t size) {
  std::string content(size, '\0');
  uint32_t state = 4711;
  for (char& c : content) c = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  return content;
}

class S3StoreTest : public testing::Test {
 protected:
  void SetUp() override {
    prefix_ = RandomUuid();
    store_ = Open(S3Server::Get().Config());
  }

  std::unique_ptr<ObjectStore> Open(const S3Config& config) {
    auto store = MakeS3Store(config, "/" + prefix_ + "/");
    EXPECT_TRUE(store.ok());
    return *std::move(store);
  }

  /// Uploads in pieces of odd sizes.
  static Result<PendingUpload> Upload(ObjectStore& store, const std::string& key,
                                      const std::string& content) {
    MR_ASSIGN_OR_RETURN(auto upload, store.StartUpload(key));
    for (size_t at = 0; at < content.size(); at += 777'777) {
      MR_RETURN_IF_ERROR(upload->Write(std::string_view(content).substr(at, 777'777)));
    }
    return upload->Finish();
  }

  std::vector<std::string> Keys(std::string_view prefix = "") {
    std::vector<std::string> keys;
    const auto objects = store_->List(prefix);
    EXPECT_TRUE(objects.ok()) << objects.status().ToString();
    for (const ObjectInfo& object : *objects) keys.push_back(object.key);
    return keys;
  }

  std::vector<S3Upload> Unfinished() {
    auto client = S3Client::Make(S3Server::Get().Config());
    return *(*client)->ListMultipartUploads(prefix_ + "/");
  }

  std::string prefix_;
  std::unique_ptr<ObjectStore> store_;
};

TEST_F(S3StoreTest, IsAFlatSetOfObjectsBelowItsPrefix) {
  EXPECT_EQ(store_->Name(), "s3://lakehouse/" + prefix_);
  for (const char* key : {"b/two", "a", "b/one", "b c+%/\xc3\xa9"}) {
    EXPECT_EQ(*store_->Put(key, std::string("content of ") + key), PutOutcome::kWritten);
  }
  EXPECT_EQ(Keys(), (std::vector<std::string>{"a", "b c+%/\xc3\xa9", "b/one", "b/two"}));
  EXPECT_EQ(Keys("b/"), (std::vector<std::string>{"b/one", "b/two"}));
  EXPECT_EQ((*store_->Head("a")).get()->size, 12);
  EXPECT_EQ(*store_->Head("missing"), nullptr);
  EXPECT_EQ(*store_->ReadRange("b/one", 11, 100), "b/one");
  auto reader = store_->OpenReader("b/two", 8);
  char text[20];
  EXPECT_EQ(*(*reader)->Read(text, 20), 8);
  EXPECT_EQ(std::string_view(text, 8), "of b/two");
  ASSERT_OK(store_->Delete({"a", "b/one", "missing"}));
  ASSERT_OK(store_->Delete({}));
  EXPECT_EQ(Keys(), (std::vector<std::string>{"b c+%/\xc3\xa9", "b/two"}));
}

TEST_F(S3StoreTest, PutsOnCondition) {
  const PutCondition absent{PutCondition::Kind::kIfAbsent, ""};
  EXPECT_EQ(*store_->Put("lock", "1", absent), PutOutcome::kWritten);
  EXPECT_EQ(*store_->Put("lock", "2", absent), PutOutcome::kConditionFailed);
  const PutCondition match{PutCondition::Kind::kIfMatch, (*store_->Head("lock")).get()->etag};
  EXPECT_EQ(*store_->Put("lock", "3", match), PutOutcome::kWritten);
  EXPECT_EQ(*store_->Put("lock", "4", match), PutOutcome::kConditionFailed);
}

TEST_F(S3StoreTest, OfManyWhoCreateOneWins) {
  std::atomic<int> winners = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] {
        const auto put =
            store_->Put("race", std::to_string(i), {PutCondition::Kind::kIfAbsent, ""});
        EXPECT_TRUE(put.ok()) << put.status().ToString();
        if (put.ok() && *put == PutOutcome::kWritten) ++winners;
      });
    }
  }
  EXPECT_EQ(winners, 1);
}

TEST_F(S3StoreTest, UploadsStayHiddenUntilTheyAreCompleted) {
  for (const size_t size : {size_t{0}, size_t{10}, size_t{8} << 20, size_t{30'000'001}}) {
    const std::string content = Content(size);
    const auto pending = Upload(*store_, "file +%", content);
    ASSERT_OK(pending);
    EXPECT_EQ(*store_->Head("file +%"), nullptr) << size;
    // By another process, and twice.
    const auto other = Open(S3Server::Get().Config());
    ASSERT_OK(other->Complete(*pending));
    ASSERT_OK(other->Complete(*pending));
    auto reader = store_->OpenReader("file +%");
    ASSERT_OK(reader);
    std::string read(size + 10, '\0');
    size_t at = 0;
    for (int64_t got = 1; got > 0; at += static_cast<size_t>(got)) {
      got = *(*reader)->Read(read.data() + at, static_cast<int64_t>(read.size() - at));
    }
    EXPECT_TRUE(at == size && std::string_view(read).substr(0, size) == content) << size;
    ASSERT_OK(store_->Delete({"file +%"}));
    const Status gone = other->Complete(*pending);
    EXPECT_FALSE(gone.ok()) << "the object is not there any more";
  }
  EXPECT_TRUE(Unfinished().empty());
}

TEST_F(S3StoreTest, CompletingTakesNoOtherObjectForItsOwn) {
  const std::string content = Content(1000);
  const auto first = Upload(*store_, "file", content);
  const auto second = Upload(*store_, "file", content);
  ASSERT_OK(store_->Complete(*first));
  ASSERT_OK(store_->Abort(*second));
  const Status status = store_->Complete(*second);
  EXPECT_NE(status.ToString().find("unfinished upload is gone"), std::string::npos);
}

TEST_F(S3StoreTest, AbortsAreIdempotentAndDroppedUploadsLeaveNothing) {
  const auto pending = Upload(*store_, "aborted", Content(100));
  ASSERT_OK(store_->Abort(*pending));
  ASSERT_OK(store_->Abort(*pending));
  {
    auto upload = store_->StartUpload("dropped");
    ASSERT_OK((*upload)->Write(Content(20'000'000)));
  }
  EXPECT_TRUE(Unfinished().empty());
  EXPECT_TRUE(Keys().empty());
}

TEST_F(S3StoreTest, AbortsWhatDeadAttemptsLeft) {
  ASSERT_OK(Upload(*store_, "raw/a", "1"));
  ASSERT_OK(Upload(*store_, "raw/b", "2"));
  ASSERT_OK(Upload(*store_, "other/c", "3"));
  const WallTime now = Clock::System().WallNow();
  const auto not_b = [](const PendingUpload& upload) { return upload.key != "raw/b"; };
  ASSERT_OK(store_->AbortUploads("raw/", now - std::chrono::hours(1), not_b));
  EXPECT_EQ(Unfinished().size(), 3u);
  ASSERT_OK(store_->AbortUploads("raw/", now + std::chrono::hours(1), not_b));
  std::vector<std::string> left;
  for (const S3Upload& upload : Unfinished()) left.push_back(upload.key.substr(37));
  std::sort(left.begin(), left.end());
  EXPECT_EQ(left, (std::vector<std::string>{"other/c", "raw/b"}));
}

TEST_F(S3StoreTest, ManyUploadsShareTheThreads) {
  std::vector<std::jthread> threads;
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([&, t] {
      const std::string content = Content(9'000'000 + static_cast<size_t>(t));
      const auto pending = Upload(*store_, "t" + std::to_string(t), content);
      ASSERT_OK(pending);
      ASSERT_OK(store_->Complete(*pending));
      const auto read = store_->ReadRange("t" + std::to_string(t), 0, 10'000'000);
      ASSERT_TRUE(*read == content);
    });
  }
}

TEST_F(S3StoreTest, LosesNothingOverABadNetwork) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(fmt::format("seed {}", seed));
  std::minstd_rand random(seed);
  S3Config config = S3Server::Get().Config();
  // Every third connection lives, so that the bounded attempts suffice.
  FaultProxy proxy(std::stoi(config.endpoint.substr(config.endpoint.rfind(':') + 1)),
                   [&](int number) -> int64_t {
                     if (number % 3 == 0) return -1;
                     return std::uniform_int_distribution<int64_t>(1, 6'000'000)(random);
                   });
  config.endpoint = proxy.Url();
  config.http.idle_connections_max = 0;
  config.http.retry = {.attempts_max = 12,
                       .first_delay = std::chrono::milliseconds(1),
                       .delay_max = std::chrono::milliseconds(4)};
  const auto store = Open(config);
  const std::string content = Content(40'000'000);
  const auto pending = Upload(*store, "file", content);
  ASSERT_OK(pending);
  ASSERT_OK(store->Complete(*pending));
  EXPECT_EQ(*store->Put("once", "x", {PutCondition::Kind::kIfAbsent, ""}), PutOutcome::kWritten);
  auto reader = store->OpenReader("file");
  ASSERT_OK(reader);
  std::string read, piece(1'000'000, '\0');
  for (int64_t got = 1; got > 0;) {
    const auto some = (*reader)->Read(piece.data(), 1'000'000);
    ASSERT_OK(some);
    read.append(piece, 0, static_cast<size_t>(got = *some));
  }
  EXPECT_TRUE(read == content);
  EXPECT_GE(proxy.num_cut(), 3);
  EXPECT_EQ(Keys(), (std::vector<std::string>{"file", "once"}));
}

TEST_F(S3StoreTest, RefusesUploadsThatAreNotItsOwn) {
  for (const char* details : {"", "[]", "{\"staged\": \"x\"}", "{\"upload_id\": 1, \"parts\": []}",
                              "{\"upload_id\": \"x\", \"parts\": [1]}"}) {
    EXPECT_FALSE(store_->Complete({"key", details}).ok());
    EXPECT_FALSE(store_->Abort({"key", details}).ok());
  }
}

TEST(MultipartUploadTest, TenThousandPartsAreEnough) {
  int64_t bytes = 0;
  for (int number = 1; number <= MultipartUpload::kPartsMax; ++number) {
    bytes += MultipartUpload::PartBytes(number);
  }
  EXPECT_EQ(MultipartUpload::PartBytes(1), 8 << 20);
  EXPECT_EQ(bytes >> 30, 484) << "as the header says";
}

/// A store whose parts fail: the writer hears of it, nothing is left.
TEST(MultipartUploadTest, APartThatFailsFailsTheUpload) {
  std::atomic<int> aborted = 0;
  ScriptedServer server([&](const ScriptedServer::Request& request, ScriptedServer::Reply& reply) {
    if (request.method == "POST") {
      return reply.Answer(200,
                          "<InitiateMultipartUploadResult><UploadId>u</UploadId>"
                          "</InitiateMultipartUploadResult>");
    }
    if (request.method == "DELETE") {
      ++aborted;
      return reply.Answer(204);
    }
    reply.Answer(403, "<Error><Code>AccessDenied</Code></Error>");
  });
  S3Config config;
  config.bucket = "b";
  config.endpoint = server.Url("");
  config.credentials = {"id", "secret", ""};
  const auto store = MakeS3Store(config, "");
  {
    auto upload = (*store)->StartUpload("key");
    const std::string megabyte(1 << 20, 'x');
    Status status;
    for (int i = 0; i < 100 && status.ok(); ++i) status = (*upload)->Write(megabyte);
    if (status.ok()) status = (*upload)->Finish().status();
    EXPECT_NE(status.ToString().find("access denied"), std::string::npos) << status.ToString();
    EXPECT_FALSE((*upload)->Finish().ok());
  }
  EXPECT_EQ(aborted, 1);
}

}  // namespace
}  // namespace millrace
