#include <gtest/gtest.h>

#include <ctime>

#include "clients/http/http_client.h"
#include "clients/http/http_error.h"
#include "clients/http/retry_after.h"
#include "clients/http/testing/quick_http.h"
#include "clients/http/testing/scripted_server.h"

namespace millrace {
namespace {

using Request = ScriptedServer::Request;
using Reply = ScriptedServer::Reply;
using std::chrono::milliseconds;

TEST(HttpClientTest, SendsWhatItIsGivenAndReusesTheConnection) {
  Request seen;
  ScriptedServer server([&](const Request& request, Reply& reply) {
    seen = request;
    reply.Answer(201, request.method == "HEAD" ? "" : "made", "X-Answer:  yes \r\n");
  });
  HttpClient client(QuickHttp());
  for (int i = 0; i < 3; ++i) {
    const std::string body = VariedContent(300'000);
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
  HttpClient client(QuickHttp());
  std::vector<std::jthread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) {
        const std::string body = VariedContent(static_cast<size_t>(t * 1000 + i));
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
  HttpClient client(QuickHttp());
  const auto response = client.Send({.url = server.Url()});
  ASSERT_TRUE(response.ok()) << response.status().ToString();
  EXPECT_EQ((*response).body, "fine");
  EXPECT_EQ(server.num_requests(), 4);

  const auto busy = client.Send({.url = server.Url("/always")});
  ASSERT_TRUE(busy.ok());
  EXPECT_EQ((*busy).head.status, 503);
  EXPECT_EQ(server.num_requests(), 8);
}

TEST(HttpClientTest, GivesUpEarlyOnWhatNeverAnswered) {
  std::string url;
  {
    ScriptedServer gone([](const Request&, Reply& reply) { reply.Answer(200); });
    url = gone.Url();
  }
  HttpClient client(QuickHttp());
  EXPECT_TRUE(client.SendOnce({.url = url}).may_retry);
  EXPECT_TRUE(client.SendOnce({.url = url}).may_retry);
  EXPECT_FALSE(client.SendOnce({.url = url}).may_retry);

  ScriptedServer server([](const Request&, Reply& reply) { reply.Answer(200); });
  EXPECT_TRUE(client.SendOnce({.url = server.Url()}).status.ok());
  // It has reached something: the rest may come back.
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(client.SendOnce({.url = url}).may_retry);
}

TEST(HttpClientTest, DoesNotRepeatAPostThatMayHaveArrived) {
  ScriptedServer server([](const Request& request, Reply& reply) {
    if (request.target == "/reset") return reply.Reset();
    reply.Answer(request.target == "/500" ? 500 : 503);
  });
  HttpClient client(QuickHttp());
  const auto reset = client.Send({.method = "POST", .url = server.Url("/reset"), .body = "x"});
  EXPECT_EQ(reset.status().error().type, FailureType::kTransientError);
  EXPECT_EQ(server.num_requests(), 1);
  EXPECT_TRUE(client.Send({.method = "POST", .url = server.Url("/500"), .body = "x"}).ok());
  EXPECT_EQ(server.num_requests(), 2);
  // Refused before anything was done: safe.
  EXPECT_TRUE(client.Send({.method = "POST", .url = server.Url("/503"), .body = "x"}).ok());
  EXPECT_EQ(server.num_requests(), 6);
}

TEST(HttpClientTest, ARefusalStandsAlsoWhenItIsCut) {
  ScriptedServer server([](const Request&, Reply& reply) {
    reply.Send("HTTP/1.1 403 No\r\nContent-Length: 100\r\n\r\nyou may");
    reply.Reset();
  });
  HttpClient client(QuickHttp());
  const auto refused = client.Send({.method = "PUT", .url = server.Url(), .body = "x"});
  ASSERT_TRUE(refused.ok()) << refused.status().ToString();
  EXPECT_EQ((*refused).head.status, 403);
  EXPECT_EQ(server.num_requests(), 1);
}

TEST(HttpClientTest, HonoursRetryAfter) {
  ScriptedServer server(
      [](const Request&, Reply& reply) { reply.Answer(503, "", "Retry-After: 3600\r\n"); });
  HttpClient client(QuickHttp());
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
    if (request.target == "/large") return reply.Answer(200, VariedContent(5000));
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
  HttpOptions options = QuickHttp();
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
  HttpClient client(QuickHttp());
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
  HttpOptions options = QuickHttp();
  options.stall = std::chrono::hours(1);
  HttpClient client(options);
  EXPECT_TRUE(client.Send({.url = server.Url()}, stop.get_token()).status().canceled());
}

TEST(SafeUrlTest, KeepsNoCredentials) {
  EXPECT_EQ(SafeUrl("https://u:p@h:1/a/b@c?X-Amz-Signature=1#f"), "https://h:1/a/b@c");
  EXPECT_EQ(SafeUrl("https://h"), "https://h");
  EXPECT_EQ(SafeUrl("u:p@h/x"), "h/x");
  EXPECT_EQ(SafeUrl("https://u:p@h?x"), "https://h");
}

}  // namespace
}  // namespace millrace
