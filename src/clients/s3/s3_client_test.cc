// S3Client against a scripted server: what no healthy server does, and what is on the wire.

#include "clients/s3/s3_client.h"

#include <gtest/gtest.h>

#include <thread>

#include "clients/http/testing/scripted_server.h"

namespace millrace {
namespace {

using Request = ScriptedServer::Request;
using Reply = ScriptedServer::Reply;

std::string ErrorDocument(const std::string& code, const std::string& more = "") {
  return "<?xml version=\"1.0\"?><Error><Code>" + code + "</Code><Message>their words</Message>" +
         more + "</Error>";
}

S3Config Config(const ScriptedServer& server, const std::string& token = "") {
  S3Config config;
  config.bucket = "lakehouse";
  config.endpoint = server.Url("");
  config.region = "garage";
  config.credentials = {"AKID", "s3cr3t-key", token};
  config.http.stall = std::chrono::seconds(20);
  config.http.retry = {.attempts_max = 3,
                       .first_delay = std::chrono::milliseconds(1),
                       .delay_max = std::chrono::milliseconds(3)};
  return config;
}

std::unique_ptr<S3Client> Client(const ScriptedServer& server, const std::string& token = "") {
  auto client = S3Client::Make(Config(server, token));
  EXPECT_TRUE(client.ok());
  return *std::move(client);
}

TEST(S3ClientTest, SignsByPathForACustomEndpoint) {
  Request seen;
  ScriptedServer server([&](const Request& request, Reply& reply) {
    seen = request;
    reply.Answer(200, "", "ETag: \"e\"\r\n");
  });
  auto client = Client(server, "temporary");
  EXPECT_TRUE((*client->PutObject("a b/\xc3\xa9+%.txt", "data", {.if_absent = true})));
  EXPECT_EQ(seen.target, "/lakehouse/a%20b/%C3%A9%2B%25.txt");
  EXPECT_EQ(seen.headers["if-none-match"], "*");
  EXPECT_EQ(seen.headers["x-amz-security-token"], "temporary");
  EXPECT_EQ(seen.headers["x-amz-content-sha256"], Sha256Hex("data"));
  EXPECT_NE(seen.headers["authorization"].find("/garage/s3/aws4_request,SignedHeaders=host;"
                                               "x-amz-content-sha256;x-amz-date;"
                                               "x-amz-security-token,"),
            std::string::npos);
}

TEST(S3ClientTest, StopEndsThePauseBeforeARetry) {
  ScriptedServer server([](const Request& request, Reply& reply) {
    reply.Answer(request.method == "DELETE" ? 204 : 503, "");
  });
  S3Config config = Config(server);
  config.http.retry.first_delay = config.http.retry.delay_max = std::chrono::hours(1);
  std::stop_source stop;
  auto client = *S3Client::Make(config, stop.get_token());
  const std::jthread stopper([&] {
    while (server.num_requests() == 0) std::this_thread::yield();
    stop.request_stop();
  });
  EXPECT_TRUE(client->PutObject("key", "data").status().canceled());
  EXPECT_TRUE(client->HeadObject("key").status().canceled());
  EXPECT_EQ(server.num_requests(), 1);
  EXPECT_TRUE(client->AbortMultipartUpload({"key", "id", {}}).ok()) << "cleaning up is still tried";
  EXPECT_EQ(server.num_requests(), 2);
}

TEST(S3ClientTest, RetriesWhatPasses) {
  ScriptedServer server([](const Request& request, Reply& reply) {
    if (request.number == 1) return reply.Answer(503, ErrorDocument("SlowDown"));
    if (request.number == 2) return reply.Reset();
    reply.Answer(200, "", "ETag: \"e\"\r\n");
  });
  EXPECT_TRUE(*Client(server)->PutObject("key", "data"));
  EXPECT_EQ(server.num_requests(), 3);
}

TEST(S3ClientTest, TellsWhatToDo) {
  struct Case {
    int status;
    const char* code;
    FailureType type;
    const char* words;
    int requests;
  };
  const auto config = FailureType::kConfigError;
  const auto transient = FailureType::kTransientError;
  for (const Case& c : {Case{404, "NoSuchBucket", config, "there is no such bucket", 1},
                        {403, "AccessDenied", config, "access denied", 1},
                        {403, "InvalidAccessKeyId", config, "the access key id is not known", 1},
                        {403, "SignatureDoesNotMatch", config, "check the secret access key", 1},
                        {400, "ExpiredToken", config, "session token has expired", 1},
                        {403, "RequestTimeTooSkewed", config, "clock is wrong", 1},
                        {400, "RequestTimeout", transient, "took too long", 3},
                        {500, "InternalError", transient, "internal error", 3},
                        {503, "SlowDown", transient, "fewer requests", 3},
                        {400, "EntityTooSmall", FailureType::kSystemError, "EntityTooSmall", 1},
                        {418, "Teapot", config, "the store answered Teapot", 1}}) {
    ScriptedServer server(
        [&](const Request&, Reply& reply) { reply.Answer(c.status, ErrorDocument(c.code)); });
    const auto written = Client(server)->PutObject("dir/key", "data");
    ASSERT_FALSE(written.ok());
    const Error& error = written.status().error();
    EXPECT_EQ(error.type, c.type) << c.code;
    EXPECT_NE(error.message.find(c.words), std::string::npos) << error.message;
    EXPECT_NE(error.message.find("writing s3://lakehouse/dir/key at " + server.Url("")),
              std::string::npos)
        << error.message;
    EXPECT_EQ(error.message.find("s3cr3t"), std::string::npos);
    EXPECT_NE(error.internal.find("their words"), std::string::npos);
    EXPECT_EQ(server.num_requests(), c.requests) << c.code;
  }
}

TEST(S3ClientTest, FollowsTheBucketToItsRegionOnce) {
  for (const bool by_header : {true, false}) {
    ScriptedServer server([&](const Request& request, Reply& reply) {
      const auto& authorization = request.headers.at("authorization");
      if (authorization.find("/eu-north-1/s3/") != std::string::npos) {
        return reply.Answer(200, "content", "ETag: \"e\"\r\n");
      }
      if (by_header) {
        return reply.Answer(301, "", "x-amz-bucket-region: eu-north-1\r\n");
      }
      reply.Answer(400,
                   ErrorDocument("AuthorizationHeaderMalformed", "<Region>eu-north-1</Region>"));
    });
    auto put = Client(server);
    EXPECT_TRUE(*put->PutObject("key", "data"));
    EXPECT_EQ(server.num_requests(), 2);
    EXPECT_TRUE(*put->PutObject("key", "data"));
    EXPECT_EQ(server.num_requests(), 3) << "the region is remembered";
    auto get = Client(server);
    auto reader = get->OpenObject("key", 0);
    ASSERT_TRUE(reader.ok()) << reader.status().ToString();
    char text[10];
    EXPECT_EQ(*(*reader)->Read(text, 10), 7);
  }
  ScriptedServer loop([&](const Request& request, Reply& reply) {
    reply.Answer(301, "", "x-amz-bucket-region: r" + std::to_string(request.number) + "\r\n");
  });
  const auto written = Client(loop)->PutObject("key", "data");
  EXPECT_NE(written.status().ToString().find("check region and endpoint"), std::string::npos);
  EXPECT_EQ(loop.num_requests(), 2);
}

TEST(S3ClientTest, KnowsAnErrorThatComesAs200) {
  ScriptedServer server([](const Request& request, Reply& reply) {
    if (request.number == 1) return reply.Answer(200, "\n \n" + ErrorDocument("InternalError"));
    reply.Answer(200,
                 "<CompleteMultipartUploadResult><ETag>e</ETag>"
                 "</CompleteMultipartUploadResult>");
  });
  const auto done = Client(server)->CompleteMultipartUpload({"key", "id"}, {{1, "\"e&1\"", 5}});
  ASSERT_TRUE(done.ok()) << done.status().ToString();
  EXPECT_TRUE(*done);
  EXPECT_EQ(server.num_requests(), 2);

  ScriptedServer broken([](const Request&, Reply& reply) {
    reply.Answer(200, "<html>welcome to the router</html>");
  });
  const auto failed = Client(broken)->CompleteMultipartUpload({"key", "id"}, {{1, "e", 5}});
  ASSERT_FALSE(failed.ok());
  EXPECT_NE(failed.status().ToString().find("not the expected"), std::string::npos);
}

/// Whether the object that is there is recognised as the client's own, when the answer to its
/// conditional write was lost. `kept`: on a connection that was used before; libcurl then sends the
/// request a second time by itself.
bool RecognisesItsWrite(bool ours, bool kept) {
  std::mutex mutex;
  std::string stored;  // guarded by mutex, as puts: the second attempt has another connection
  int puts = 0;
  ScriptedServer server([&](const Request& request, Reply& reply) {
    std::lock_guard lock(mutex);
    if (request.method == "PUT") {
      if (++puts == 1) {
        stored = ours ? request.body : "theirs";
        return reply.Reset();
      }
      return reply.Answer(412, ErrorDocument("PreconditionFailed"));
    }
    if (request.method == "HEAD") {
      reply.Send("HTTP/1.1 200 OK\r\nETag: \"e\"\r\nContent-Length: " +
                 std::to_string(stored.size()) + "\r\n\r\n");
      return;
    }
    reply.Answer(200, stored);
  });
  const auto client = Client(server);
  if (kept) {
    EXPECT_TRUE(client->GetObject("lock", 0, 1).ok());
  }
  const auto written = client->PutObject("lock", "mine01", {.if_absent = true});
  EXPECT_TRUE(written.ok()) << written.status().ToString();
  EXPECT_EQ(puts, 2);
  return written.ok() && *written;
}

TEST(S3ClientTest, RecognisesItsOwnWriteAfterALostAnswer) {
  for (const bool kept : {false, true}) {
    EXPECT_TRUE(RecognisesItsWrite(/*ours=*/true, kept)) << kept;
    EXPECT_FALSE(RecognisesItsWrite(/*ours=*/false, kept)) << kept;
  }
}

TEST(S3ClientTest, DeletesOneByOneWhereThereAreNoBatches) {
  std::vector<std::string> deleted;
  ScriptedServer server([&](const Request& request, Reply& reply) {
    if (request.method == "POST") return reply.Answer(501, ErrorDocument("NotImplemented"));
    deleted.push_back(request.target);
    reply.Answer(204);
  });
  EXPECT_TRUE(Client(server)->DeleteObjects({"a", "b"}).ok());
  EXPECT_EQ(deleted, (std::vector<std::string>{"/lakehouse/a", "/lakehouse/b"}));
}

TEST(S3ClientTest, ReportsAnObjectThatABatchCouldNotDelete) {
  ScriptedServer server([](const Request&, Reply& reply) {
    reply.Answer(200,
                 "<DeleteResult><Error><Key>a</Key><Code>NoSuchKey</Code></Error>"
                 "<Error><Key>b</Key><Code>AccessDenied</Code></Error></DeleteResult>");
  });
  const Status status = Client(server)->DeleteObjects({"a", "b"});
  EXPECT_NE(status.ToString().find("deleting s3://lakehouse/b"), std::string::npos);
  EXPECT_EQ(status.error().type, FailureType::kConfigError);
}

TEST(S3ClientTest, EndsAListingThatRepeatsItself) {
  ScriptedServer server([](const Request&, Reply& reply) {
    reply.Answer(200,
                 "<ListBucketResult><IsTruncated>true</IsTruncated>"
                 "<NextContinuationToken>t</NextContinuationToken></ListBucketResult>");
  });
  EXPECT_FALSE(Client(server)->ListObjects("").ok());
  EXPECT_EQ(server.num_requests(), 2);
}

TEST(S3ConfigTest, RefusesWhatCannotWork) {
  const auto problem = [](auto change) {
    S3Config config;
    config.bucket = "b";
    config.credentials = {"id", "secret", ""};
    change(config);
    const auto resolved = config.Resolve();
    EXPECT_FALSE(resolved.ok());
    EXPECT_EQ(resolved.status().error().type, FailureType::kConfigError);
    return resolved.status().ToString();
  };
  EXPECT_NE(problem([](S3Config& c) { c.bucket = ""; }).find("bucket"), std::string::npos);
  EXPECT_NE(problem([](S3Config& c) { c.bucket = "a/b"; }).find("a/b"), std::string::npos);
  EXPECT_NE(problem([](S3Config& c) { c.endpoint = "ftp://x"; }).find("ftp://x"),
            std::string::npos);
  EXPECT_NE(problem([](S3Config& c) { c.endpoint = "http://"; }).find("endpoint"),
            std::string::npos);
  EXPECT_NE(problem([](S3Config& c) { c.credentials.secret_access_key = ""; }).find("both or none"),
            std::string::npos);
  EXPECT_EQ(problem([](S3Config& c) { c.endpoint = "http://k:hush@h?x"; }).find("hush"),
            std::string::npos);
}

TEST(S3ConfigTest, TakesTheEnvironmentOnlyWhereItSaysNothing) {
  ::setenv("AWS_ACCESS_KEY_ID", "env-id", 1);
  ::setenv("AWS_SECRET_ACCESS_KEY", "env-secret", 1);
  ::setenv("AWS_SESSION_TOKEN", "env-token", 1);
  ::setenv("AWS_REGION", "eu-west-3", 1);
  S3Config config;
  config.bucket = "b";
  config.endpoint = "localhost:9000/";
  S3Config resolved = *config.Resolve();
  EXPECT_EQ(resolved.credentials.access_key_id, "env-id");
  EXPECT_EQ(resolved.credentials.session_token, "env-token");
  EXPECT_EQ(resolved.region, "eu-west-3");
  EXPECT_EQ(resolved.endpoint, "https://localhost:9000");
  config.credentials = {"id", "secret", ""};
  config.region = "garage";
  resolved = *config.Resolve();
  EXPECT_EQ(resolved.credentials.access_key_id, "id");
  EXPECT_EQ(resolved.credentials.session_token, "");
  EXPECT_EQ(resolved.region, "garage");
  for (const char* name :
       {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION"}) {
    ::unsetenv(name);
  }
  config.credentials = {};
  EXPECT_EQ((*config.Resolve()).credentials.access_key_id, "") << "anonymous";
}

}  // namespace
}  // namespace millrace
