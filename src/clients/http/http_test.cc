#include <gtest/gtest.h>

#include <ctime>

#include "clients/http/http_client.h"
#include "clients/http/http_error.h"
#include "clients/http/http_reader.h"
#include "clients/http/retry_after.h"
#include "clients/http/testing/scripted_server.h"

namespace millrace {
namespace {

using Request = ScriptedServer::Request;
using Reply = ScriptedServer::Reply;
using std::chrono::milliseconds;

HttpOptions Quick() {
  HttpOptions options;
  options.connect = milliseconds(20'000);
  options.stall = milliseconds(20'000);
  options.retry = {.attempts_max = 4, .first_delay = milliseconds(1), .delay_max = milliseconds(4)};
  return options;
}

/// Bytes that differ from place to place, so that a wrong offset shows.
std::string Content(size_t size) {
  std::string content(size, '\0');
  uint32_t state = 12345;
  for (char& c : content) c = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  return content;
}

Result<std::string> ReadToEnd(ByteReader& reader) {
  std::string all, piece(10'000, '\0');
  for (;;) {
    MR_ASSIGN_OR_RETURN(const int64_t got, reader.Read(piece.data(), 10'000));
    if (got == 0) return all;
    all.append(piece, 0, static_cast<size_t>(got));
  }
}

HttpSource Source(const std::string& url) {
  return {[url] { return Result<HttpRequest>(HttpRequest{.url = url}); }, {}};
}

/// Answers ranges of `content`; at most `bytes_max` of each body arrive before the connection ends.
void ServeRange(const std::string& content, const Request& request, Reply& reply, size_t bytes_max,
                bool reset, const std::string& headers = "ETag: \"v1\"\r\n") {
  size_t first = 0;
  const auto range = request.headers.find("range");
  std::string head = "HTTP/1.1 200 OK\r\n";
  if (range != request.headers.end()) {
    first = std::stoul(range->second.substr(6));
    head = "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes " + std::to_string(first) + "-" +
           std::to_string(content.size() - 1) + "/" + std::to_string(content.size()) + "\r\n";
  }
  reply.Send(head + headers + "Content-Length: " + std::to_string(content.size() - first) +
             "\r\n\r\n");
  reply.Send(std::string_view(content).substr(first, bytes_max));
  if (content.size() - first <= bytes_max) return;
  if (reset) {
    reply.Reset();
  } else {
    reply.Close();
  }
}

TEST(HttpClientTest, SendsWhatItIsGivenAndReusesTheConnection) {
  Request seen;
  ScriptedServer server([&](const Request& request, Reply& reply) {
    seen = request;
    reply.Answer(201, request.method == "HEAD" ? "" : "made", "X-Answer:  yes \r\n");
  });
  HttpClient client(Quick());
  for (int i = 0; i < 3; ++i) {
    const std::string body = Content(300'000);
    const auto response = client.Send({.method = "PUT",
                                       .url = server.Url("/a/b%2Bc d/../\xc3\xa9?x=1"),
                                       .headers = {{"X-One", "1"}, {"X-Empty", ""}},
                                       .body = body});
    ASSERT_TRUE(response.ok()) << response.status().ToString();
    EXPECT_EQ((*response).head.status, 201);
    EXPECT_EQ((*response).head.Find("x-answer"), "yes");
    EXPECT_EQ((*response).body, "made");
    EXPECT_EQ(seen.method, "PUT");
    EXPECT_EQ(seen.target, "/a/b%2Bc%20d/../%c3%a9?x=1");
    EXPECT_EQ(seen.body, body);
    EXPECT_EQ(seen.headers["x-one"], "1");
    EXPECT_EQ(seen.headers.count("x-empty"), 1u);
    EXPECT_EQ(seen.headers.count("content-type"), 0u);
    EXPECT_EQ(seen.headers.count("expect"), 0u);
  }
  EXPECT_EQ(server.num_connections(), 1);
  EXPECT_EQ(client.Send({.method = "HEAD", .url = server.Url()}).ok(), true);
  EXPECT_EQ(client.Send({.method = "PUT", .url = server.Url()}).ok(), true);
  EXPECT_EQ(seen.headers["content-length"], "0");
}

TEST(HttpClientTest, ManyThreadsShareOneClient) {
  ScriptedServer server(
      [](const Request& request, Reply& reply) { reply.Answer(200, request.body); });
  HttpClient client(Quick());
  std::vector<std::jthread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) {
        const std::string body = Content(static_cast<size_t>(t * 1000 + i));
        const auto response = client.Send({.method = "PUT", .url = server.Url(), .body = body});
        ASSERT_TRUE(response.ok());
        ASSERT_EQ((*response).body, body);
      }
    });
  }
}

TEST(HttpClientTest, RetriesWhatMayPassAndStopsAtTheBound) {
  ScriptedServer server([](const Request& request, Reply& reply) {
    if (request.target == "/always") return reply.Answer(503, "busy");
    if (request.number == 1) return reply.Answer(500, "oops");
    if (request.number == 2) return reply.Answer(429, "", "Retry-After: 0\r\n");
    if (request.number == 3) return reply.Reset();
    reply.Answer(200, "fine");
  });
  HttpClient client(Quick());
  const auto response = client.Send({.url = server.Url()});
  ASSERT_TRUE(response.ok()) << response.status().ToString();
  EXPECT_EQ((*response).body, "fine");
  EXPECT_EQ(server.num_requests(), 4);

  const auto busy = client.Send({.url = server.Url("/always")});
  ASSERT_TRUE(busy.ok());
  EXPECT_EQ((*busy).head.status, 503);
  EXPECT_EQ(server.num_requests(), 8);
}

TEST(HttpClientTest, DoesNotRepeatAPostThatMayHaveArrived) {
  ScriptedServer server([](const Request& request, Reply& reply) {
    if (request.target == "/reset") return reply.Reset();
    reply.Answer(request.target == "/500" ? 500 : 503);
  });
  HttpClient client(Quick());
  const auto reset = client.Send({.method = "POST", .url = server.Url("/reset"), .body = "x"});
  EXPECT_EQ(reset.status().error().type, FailureType::kTransientError);
  EXPECT_EQ(server.num_requests(), 1);
  EXPECT_TRUE(client.Send({.method = "POST", .url = server.Url("/500"), .body = "x"}).ok());
  EXPECT_EQ(server.num_requests(), 2);
  // Refused before anything was done: safe.
  EXPECT_TRUE(client.Send({.method = "POST", .url = server.Url("/503"), .body = "x"}).ok());
  EXPECT_EQ(server.num_requests(), 6);
}

TEST(HttpClientTest, HonoursRetryAfter) {
  ScriptedServer server(
      [](const Request&, Reply& reply) { reply.Answer(503, "", "Retry-After: 3600\r\n"); });
  HttpClient client(Quick());
  EXPECT_TRUE(client.Send({.url = server.Url()}).ok());
  EXPECT_EQ(server.num_requests(), 1) << "an hour is longer than the policy waits";

  HttpResponseHead head;
  EXPECT_FALSE(RetryAfter(head));
  head.headers = {{"retry-after", "7"}};
  EXPECT_EQ(RetryAfter(head), std::chrono::seconds(7));
  head.headers = {{"Retry-After", "Wed, 21 Oct 2015 07:28:00 GMT"}};
  EXPECT_EQ(RetryAfter(head), std::chrono::seconds(0));
  head.headers = {{"Retry-After", "soon"}};
  EXPECT_FALSE(RetryAfter(head));
}

TEST(HttpClientTest, SaysWhatFailedInOneLine) {
  ScriptedServer server([](const Request& request, Reply& reply) {
    if (request.method == "TLS") return reply.Answer(400);
    if (request.target.starts_with("/hang")) return reply.Hang();
    if (request.target == "/garbage") {
      reply.Send("what?\r\n\r\n");
      return reply.Close();
    }
    if (request.target == "/large") return reply.Answer(200, Content(5000));
    reply.Send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort");
    reply.Close();
  });
  struct Case {
    std::string url;
    FailureType type;
    const char* words;
  };
  const auto config = FailureType::kConfigError;
  const auto transient = FailureType::kTransientError;
  HttpOptions options = Quick();
  options.stall = milliseconds(1500);
  options.retry.attempts_max = 2;
  options.body_bytes_max = 1000;
  HttpClient client(options);
  const Case cases[] = {
      {"http://127.0.0.1:1/x?secret=s3cr3t", transient, "http://127.0.0.1:1/x: connection refused"},
      {"http://user:s3cr3t@no-such-host.invalid/x", config,
       "//no-such-host.invalid/x: there is no"},
      {"https://127.0.0.1:" + std::to_string(server.port()) + "/", config, "TLS handshake failed"},
      {server.Url("/hang?s3cr3t"), transient, "no answer within the deadline"},
      {server.Url("/garbage"), transient, "not HTTP"},
      {server.Url("/short"), transient, "ended before its announced end"},
      {server.Url("/large"), config, "larger than 1000 bytes"},
      {"ftp://host/file", config, "only http and https"},
      {"http://", config, "not a valid URL"},
      {"no url at all", config, ""}};
  for (const Case& c : cases) {
    const auto response = client.Send({.url = c.url});
    ASSERT_FALSE(response.ok()) << c.url;
    const Error& error = response.status().error();
    EXPECT_EQ(error.type, c.type) << error.message;
    EXPECT_NE(error.message.find(c.words), std::string::npos) << error.message;
    EXPECT_EQ((error.message + error.internal).find("s3cr3t"), std::string::npos);
    EXPECT_EQ(error.message.find('\n'), std::string::npos);
  }
}

TEST(HttpClientTest, FollowsRedirectsWithoutLeakingCredentials) {
  Request seen;
  ScriptedServer other([&](const Request& request, Reply& reply) {
    seen = request;
    reply.Answer(200, "there");
  });
  ScriptedServer server([&](const Request& request, Reply& reply) {
    if (request.target == "/away")
      return reply.Answer(302, "", "Location: " + other.Url() + "\r\n");
    if (request.target == "/near") return reply.Answer(307, "", "Location: target?a=b\r\n");
    if (request.target == "/loop") return reply.Answer(301, "", "Location: /loop\r\n");
    if (request.target == "/ftp") return reply.Answer(301, "", "Location: ftp://host/x\r\n");
    seen = request;
    reply.Answer(200, "here");
  });
  HttpClient client(Quick());
  const HttpHeaders headers = {
      {"Authorization", "Bearer t"}, {"X-Api-Key", "k"}, {"Range", "bytes=0-1"}};
  EXPECT_EQ((*client.Send({.url = server.Url("/away"), .headers = headers})).body, "there");
  EXPECT_EQ(seen.headers.count("authorization"), 0u);
  EXPECT_EQ(seen.headers.count("x-api-key"), 0u);
  EXPECT_EQ(seen.headers.count("range"), 1u);
  EXPECT_EQ((*client.Send({.url = server.Url("/near"), .headers = headers})).body, "here");
  EXPECT_EQ(seen.target, "/target?a=b");
  EXPECT_EQ(seen.headers["authorization"], "Bearer t");
  const auto loop = client.Send({.url = server.Url("/loop")});
  EXPECT_NE(loop.status().ToString().find("more than 5 redirects"), std::string::npos);
  const auto ftp = client.Send({.url = server.Url("/ftp")});
  EXPECT_EQ(ftp.status().error().type, FailureType::kConfigError);
  EXPECT_EQ((*client.Send({.url = server.Url("/away"), .follow_redirects = false})).head.status,
            302);
}

TEST(HttpClientTest, StopsAtOnceWhenAsked) {
  std::stop_source stop;
  ScriptedServer server([&](const Request&, Reply& reply) {
    stop.request_stop();
    reply.Hang();
  });
  HttpOptions options = Quick();
  options.stall = std::chrono::hours(1);
  HttpClient client(options);
  EXPECT_TRUE(client.Send({.url = server.Url()}, stop.get_token()).status().canceled());
  EXPECT_TRUE(
      HttpReader::Open(client, Source(server.Url()), 0, stop.get_token()).status().canceled());
}

TEST(HttpReaderTest, GoesOnWhereATransferBroke) {
  const std::string content = Content(3'000'000);
  for (const bool reset : {false, true}) {
    ScriptedServer server([&](const Request& request, Reply& reply) {
      ServeRange(content, request, reply, 700'000, reset);
    });
    HttpClient client(Quick());
    auto reader = HttpReader::Open(client, Source(server.Url()));
    ASSERT_TRUE(reader.ok()) << reader.status().ToString();
    EXPECT_EQ((*reader)->total_size(), 3'000'000);
    const auto read = ReadToEnd(**reader);
    ASSERT_TRUE(read.ok()) << read.status().ToString();
    EXPECT_TRUE(*read == content);
    EXPECT_GE(server.num_requests(), 5);
    char byte;
    EXPECT_EQ(*(*reader)->Read(&byte, 1), 0);
  }
}

TEST(HttpReaderTest, StartsAtAnOffset) {
  const std::string content = Content(100'000);
  ScriptedServer server([&](const Request& request, Reply& reply) {
    if (request.headers.count("range") && request.headers.at("range") == "bytes=100000-") {
      return reply.Answer(416, "", "Content-Range: bytes */100000\r\n");
    }
    ServeRange(content, request, reply, content.size(), false);
  });
  HttpClient client(Quick());
  auto reader = HttpReader::Open(client, Source(server.Url()), 99'990);
  EXPECT_EQ(*ReadToEnd(**reader), content.substr(99'990));
  EXPECT_EQ((*reader)->total_size(), 100'000);
  auto end = HttpReader::Open(client, Source(server.Url()), 100'000);
  EXPECT_EQ(*ReadToEnd(**end), "");
}

TEST(HttpReaderTest, ReadsOnFromAServerWithoutRanges) {
  const std::string content = Content(500'000);
  ScriptedServer server([&](const Request& request, Reply& reply) {
    Request plain = request;
    plain.headers.erase("range");
    ServeRange(content, plain, reply, request.number < 3 ? 200'000 : content.size(), false,
               "Last-Modified: Wed, 21 Oct 2015 07:28:00 GMT\r\n");
  });
  HttpClient client(Quick());
  auto reader = HttpReader::Open(client, Source(server.Url()));
  const auto read = ReadToEnd(**reader);
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_TRUE(*read == content);
}

TEST(HttpReaderTest, NeverMixesTwoVersions) {
  const std::string content = Content(500'000);
  for (const bool with_etag : {true, false}) {
    ScriptedServer server([&](const Request& request, Reply& reply) {
      if (with_etag) {
        return ServeRange(content, request, reply, 200'000, false,
                          "ETag: \"v" + std::to_string(request.number) + "\"\r\n");
      }
      reply.Send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbegin\r\n");
      reply.Close();
    });
    HttpClient client(Quick());
    auto reader = HttpReader::Open(client, Source(server.Url()));
    const auto read = ReadToEnd(**reader);
    ASSERT_FALSE(read.ok());
    EXPECT_EQ(read.status().error().type, FailureType::kTransientError);
    EXPECT_NE(read.status().ToString().find(with_etag ? "replaced meanwhile" : "still the same"),
              std::string::npos)
        << read.status().ToString();
  }
}

TEST(HttpReaderTest, GivesUpWhenNothingMovesAnyMore) {
  const std::string content = Content(500'000);
  ScriptedServer server([&](const Request& request, Reply& reply) {
    if (request.number > 1) return reply.Answer(503, "busy");
    ServeRange(content, request, reply, 100'000, true);
  });
  HttpClient client(Quick());
  auto reader = HttpReader::Open(client, Source(server.Url("/f?sig=s3cr3t")));
  const auto read = ReadToEnd(**reader);
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.status().error().type, FailureType::kTransientError);
  EXPECT_EQ(read.status().ToString().find("s3cr3t"), std::string::npos);
  EXPECT_LE(server.num_requests(), 1 + 4);
}

TEST(HttpReaderTest, ExplainsARefusal) {
  ScriptedServer server([](const Request& request, Reply& reply) {
    reply.Answer(std::stoi(request.target.substr(1)), "details");
  });
  HttpClient client(Quick());
  const auto missing = HttpReader::Open(client, Source(server.Url("/404")));
  EXPECT_EQ(missing.status().error().type, FailureType::kConfigError);
  EXPECT_NE(missing.status().ToString().find("answered 404; check the address"), std::string::npos);
  EXPECT_EQ(missing.status().error().internal, "details");
  const auto denied = HttpReader::Open(client, Source(server.Url("/403")));
  EXPECT_NE(denied.status().ToString().find("check the credentials"), std::string::npos);
  EXPECT_EQ(server.num_requests(), 2);
}

TEST(HttpReaderTest, WaitsForAReaderThatIsSlowWithoutHoldingMore) {
  const std::string content = Content(8'000'000);
  ScriptedServer server([&](const Request& request, Reply& reply) {
    ServeRange(content, request, reply, content.size(), false);
  });
  HttpOptions options = Quick();
  options.stall = milliseconds(1000);
  HttpClient client(options);
  auto reader = HttpReader::Open(client, Source(server.Url()));
  std::string read(1'000'000, '\0');
  ASSERT_GT(*(*reader)->Read(read.data(), 10), 0);
  // Longer than the stall deadline, which counts only while someone waits for bytes.
  std::this_thread::sleep_for(milliseconds(1500));
  const auto rest = ReadToEnd(**reader);
  ASSERT_TRUE(rest.ok()) << rest.status().ToString();
  EXPECT_EQ((*rest).size(), content.size() - 10);
  EXPECT_EQ(server.num_requests(), 1);
}

TEST(SafeUrlTest, KeepsNoCredentials) {
  EXPECT_EQ(SafeUrl("https://u:p@h:1/a/b@c?X-Amz-Signature=1#f"), "https://h:1/a/b@c");
  EXPECT_EQ(SafeUrl("https://h"), "https://h");
  EXPECT_EQ(SafeUrl("u:p@h/x"), "h/x");
  EXPECT_EQ(SafeUrl("https://u:p@h?x"), "https://h");
}

}  // namespace
}  // namespace millrace
