#include "declarative/requests/http_api_transport.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include "clients/http/testing/scripted_server.h"
#include "declarative/jinja/py_error.h"
#include "declarative/requests/content_encoding.h"
#include "declarative/requests/cookie_jar.h"
#include "declarative/requests/private_address.h"
#include "declarative/requests/testing/fake_engine.h"

namespace millrace {
namespace {

using std::chrono::milliseconds;

/// `text` packed: 16 + MAX_WBITS gzip, MAX_WBITS zlib, -MAX_WBITS raw.
std::string Pack(std::string_view text, int window) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, window, 9, Z_DEFAULT_STRATEGY), Z_OK);
  std::string packed(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(packed.size() - stream.avail_out);
  deflateEnd(&stream);
  return packed;
}

HttpApiTransportOptions Quick() {
  HttpApiTransportOptions options;
  options.stall = milliseconds(1500);
  options.body_bytes_max = 1'000'000;
  return options;
}

TEST(HttpApiTransportTest, UndoesContentEncodings) {
  const std::string text = "some text, some text, some text";
  ScriptedServer server([&](const auto& request, auto& reply) {
    const std::string gzip = Pack(text, 16 + MAX_WBITS);
    if (request.target == "/gzip") return reply.Answer(200, gzip, "Content-Encoding: gzip\r\n");
    if (request.target == "/two")
      return reply.Answer(200, gzip + gzip, "Content-Encoding: x-gzip\r\n");
    if (request.target == "/zlib") {
      return reply.Answer(200, Pack(text, MAX_WBITS), "Content-Encoding: deflate\r\n");
    }
    if (request.target == "/raw") {
      return reply.Answer(200, Pack(text, -MAX_WBITS), "Content-Encoding: deflate\r\n");
    }
    if (request.target == "/both") {
      return reply.Answer(200, Pack(Pack(text, MAX_WBITS), 16 + MAX_WBITS),
                          "Content-Encoding: deflate, gzip\r\n");
    }
    if (request.target == "/bomb") {
      return reply.Answer(200, Pack(std::string(5'000'000, 'x'), 16 + MAX_WBITS),
                          "Content-Encoding: gzip\r\n");
    }
    if (request.target == "/broken")
      return reply.Answer(200, "no gzip", "Content-Encoding: gzip\r\n");
    if (request.target == "/cut") {
      return reply.Answer(200, gzip.substr(0, gzip.size() - 9), "Content-Encoding: gzip\r\n");
    }
    reply.Answer(200, text, "Content-Encoding: utf-8\r\n");
  });
  HttpApiTransport transport(Quick());
  for (const char* path : {"/gzip", "/zlib", "/raw", "/both", "/unknown"}) {
    const auto reply = transport.Send({.url = server.Url(path)}, nullptr, {});
    ASSERT_TRUE(reply.ok()) << path << reply.status().ToString();
    EXPECT_EQ((*reply)->body, text) << path;
  }
  EXPECT_EQ((*transport.Send({.url = server.Url("/two")}, nullptr, {}))->body, text + text);
  const auto raw = transport.Send({.url = server.Url("/gzip"), .decode = false}, nullptr, {});
  EXPECT_TRUE((*raw)->body.starts_with("\x1f\x8b"));
  EXPECT_FALSE((*raw)->decoded);
  const auto bomb = transport.Send({.url = server.Url("/bomb")}, nullptr, {});
  EXPECT_EQ(bomb.status().error().type, FailureType::kConfigError);
  const auto broken = transport.Send({.url = server.Url("/broken")}, nullptr, {});
  EXPECT_TRUE(IsPyError(broken.status(), "ContentDecodingError")) << broken.status().ToString();
  // As far as it came, like urllib3; what it stands for decides the rest.
  const auto cut = transport.Send({.url = server.Url("/cut")}, nullptr, {});
  ASSERT_TRUE(cut.ok());
  EXPECT_TRUE(text.starts_with((*cut)->body));
}

TEST(HttpApiTransportTest, NamesTheExceptionsOfRequests) {
  ScriptedServer server([](const auto& request, auto& reply) {
    if (request.method == "TLS") return reply.Answer(400);
    if (request.target == "/hang") return reply.Hang();
    if (request.target == "/drip") {
      reply.Send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx");
      return reply.Hang();
    }
    if (request.target == "/large") return reply.Answer(200, std::string(2'000'000, 'x'));
    if (request.target == "/loop") return reply.Answer(302, "", "Location: /loop\r\n");
    if (request.target == "/ftp") return reply.Answer(302, "", "Location: ftp://h/x\r\n");
    reply.Send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort");
    reply.Close();
  });
  struct Case {
    std::string url;
    const char* exception;
  };
  const Case cases[] = {{"http://127.0.0.1:1/", "ConnectionError"},
                        {"http://no-such-host.invalid/", "ConnectionError"},
                        {"https://127.0.0.1:" + std::to_string(server.port()) + "/", "SSLError"},
                        {server.Url("/hang"), "ReadTimeout"},
                        {server.Url("/drip"), "ConnectionError"},
                        {server.Url("/loop"), "TooManyRedirects"},
                        {server.Url("/ftp"), "InvalidSchema"},
                        {server.Url("/short"), "ChunkedEncodingError"},
                        {"ftp://h/x", "InvalidSchema"}};
  HttpApiTransport transport(Quick());
  for (const Case& c : cases) {
    const auto reply = transport.Send({.url = c.url}, nullptr, {});
    ASSERT_FALSE(reply.ok()) << c.url;
    EXPECT_TRUE(IsPyError(reply.status(), c.exception)) << c.url << reply.status().ToString();
  }
  const auto large = transport.Send({.url = server.Url("/large")}, nullptr, {});
  EXPECT_EQ(large.status().error().type, FailureType::kConfigError);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_TRUE(
      transport.Send({.url = server.Url("/hang")}, nullptr, stop.get_token()).status().canceled());
}

TEST(HttpApiTransportTest, ShowsAuthorizationToItsServerAlone) {
  ScriptedServer::Request seen;
  ScriptedServer other([&](const auto& request, auto& reply) {
    seen = request;
    reply.Answer(200);
  });
  ScriptedServer server([&](const auto& request, auto& reply) {
    if (request.target != "/a") {
      seen = request;
      return reply.Answer(200);
    }
    reply.Answer(307, "", "Location: " + other.Url("/there") + "\r\n");
  });
  HttpApiTransport transport(Quick());
  ApiRequest request{.method = "POST", .url = server.Url("/a"), .body = "body", .has_body = true};
  request.headers = {{"Authorization", "Bearer t"}, {"X-Api-Key", "k"}};
  ASSERT_TRUE(transport.Send(request, nullptr, {}).ok());
  EXPECT_EQ(seen.target, "/there");
  EXPECT_EQ(seen.body, "body");
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.headers.count("authorization"), 0u);
  EXPECT_EQ(seen.headers["x-api-key"], "k");  // as requests has it

  // A user in the URL is no authentication: requests takes it only where nobody else does.
  const std::string url = "http://user:pass@127.0.0.1:" + std::to_string(server.port()) + "/b";
  ASSERT_TRUE(transport.Send({.url = url}, nullptr, {}).ok());
  EXPECT_EQ(seen.headers.count("authorization"), 0u);
}

TEST(HttpApiTransportTest, KeepsCookiesAndConnections) {
  std::string cookie;
  ScriptedServer server([&](const auto& request, auto& reply) {
    const auto sent = request.headers.find("cookie");
    cookie = sent == request.headers.end() ? "" : sent->second;
    if (request.target == "/go") {
      return reply.Answer(
          302, "", "Set-Cookie: a=1; Path=/\r\nSet-Cookie: b=2; Max-Age=0\r\nLocation: /x\r\n");
    }
    reply.Answer(200, "", "Set-Cookie: c=3; Domain=example.com\r\n");
  });
  FakeEngine engine;
  CookieJar jar(engine.clock);
  HttpApiTransport transport(Quick());
  ASSERT_TRUE(transport.Send({.url = server.Url("/go")}, &jar, {}).ok());
  EXPECT_EQ(cookie, "a=1");
  EXPECT_EQ(jar.HeaderFor(server.Url("/y")), "a=1");
  EXPECT_EQ(jar.HeaderFor("http://example.com/y"), "");
  EXPECT_EQ(server.num_connections(), 1);
}

TEST(HttpApiTransportTest, TheCloudAllowsPublicHttpsAlone) {
  HttpApiTransportOptions options = Quick();
  options.public_only = true;
  HttpApiTransport transport(options);
  const auto plain = transport.Send({.url = "http://example.com/"}, nullptr, {});
  EXPECT_TRUE(IsPyError(plain.status(), "InvalidSchema"));
  const auto local = transport.Send({.url = "https://127.0.0.1/"}, nullptr, {});
  ASSERT_TRUE(local.status().failed());
  EXPECT_EQ(local.status().error().type, FailureType::kConfigError);
  EXPECT_NE(local.status().ToString().find("private network"), std::string::npos);
  for (const char* address :
       {"10.1.2.3", "172.31.0.1", "192.168.1.1", "::1", "fd00::1", "fe80::1"}) {
    EXPECT_TRUE(IsPrivateAddress(address)) << address;
  }
  for (const char* address : {"8.8.8.8", "172.32.0.1", "2606:4700::1111", "host"}) {
    EXPECT_FALSE(IsPrivateAddress(address)) << address;
  }
}

TEST(HttpApiTransportTest, ConnectsWhereTestsSay) {
  ScriptedServer server(
      [](const auto& request, auto& reply) { reply.Answer(200, request.headers.at("host")); });
  const std::string to = ":127.0.0.1:" + std::to_string(server.port());
  const auto environment = [&](const std::string& name) -> std::optional<std::string> {
    if (name == "MILLRACE_API_CONNECT_TO") return "a.invalid:80:127.0.0.1:1,api.invalid:80" + to;
    if (name == "DEPLOYMENT_MODE") return "oss";
    return std::nullopt;
  };
  HttpApiTransport transport(HttpApiTransportOptions::Of(environment));
  const auto reply = transport.Send({.url = "http://api.invalid/x"}, nullptr, {});
  ASSERT_TRUE(reply.ok()) << reply.status().ToString();
  EXPECT_EQ((*reply)->body, "api.invalid");
}

TEST(GunzipTest, RefusesWhatItCannotTrust) {
  const std::string packed = Pack("text", 16 + MAX_WBITS);
  EXPECT_EQ(*Gunzip(packed + packed, 100), "texttext");
  EXPECT_EQ(*Gunzip(packed + std::string(5, '\0'), 100), "text");
  EXPECT_TRUE(IsPyError(Gunzip("plain", 100).status(), "BadGzipFile"));
  EXPECT_TRUE(IsPyError(Gunzip(packed.substr(0, 14), 100).status(), "EOFError"));
  EXPECT_EQ(Gunzip(Pack(std::string(10'000, 'x'), 16 + MAX_WBITS), 100).status().error().type,
            FailureType::kConfigError);
}

}  // namespace
}  // namespace millrace
