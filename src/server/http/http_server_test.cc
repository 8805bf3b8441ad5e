#include "server/http/http_server.h"

#include <gtest/gtest.h>

#include <thread>

#include "server/http/router.h"
#include "server/http/testing/bare_peer.h"

namespace millrace {
namespace {

class HttpServerTest : public testing::Test {
 protected:
  void Start(HttpServer::Handler handler) {
    options_.listen = {"127.0.0.1:0"};
    auto started = HttpServer::Start(options_, std::move(handler));
    ASSERT_TRUE(started.ok()) << started.status().ToString();
    server_ = std::move(*started);
  }
  std::string address() const { return server_->addresses().at(0); }

  HttpServer::Options options_;
  std::unique_ptr<HttpServer> server_;
};

HttpResponse Echo(const HttpRequest& request) {
  std::string text = request.method;
  for (const auto& part : request.path) text += " " + part;
  for (const auto& [name, value] : request.query) text += " " + name + "=" + value;
  return {200, "text/plain", text + " " + request.body + "!", {}};
}

TEST_F(HttpServerTest, TakesRequestsApartAndKeepsTheConnection) {
  Start(Echo);
  BarePeer peer(address());
  peer.Send("GET /a%20b//c%2Fd/?x=1&x=%26 HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_NE(peer.Receive("!").find("GET a b c/d x=1 x=& !"), std::string::npos);
  peer.Send("POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody");
  EXPECT_NE(peer.Receive("!").find("POST p body!"), std::string::npos);
}

TEST_F(HttpServerTest, RefusesWhatIsTooLargeOrNoHttp) {
  options_.body_bytes_max = 1000;
  Start(Echo);
  BarePeer large(address());
  large.Send("POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n");
  EXPECT_NE(large.Receive().find("413"), std::string::npos);
  BarePeer headers(address());
  headers.Send("GET /p HTTP/1.1\r\nHost: h\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n");
  EXPECT_NE(headers.Receive().find("413"), std::string::npos);
  BarePeer wrong(address());
  wrong.Send("hello\r\n\r\n");
  EXPECT_NE(wrong.Receive().find("400"), std::string::npos);
  BarePeer target(address());
  target.Send("GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_NE(target.Receive("target").find("400"), std::string::npos);
}

TEST_F(HttpServerTest, AnswersRequestsInOneBufferInTheirOrder) {
  Start(Echo);
  BarePeer peer(address());
  peer.Send(
      "POST /one HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
      "GET /two HTTP/1.1\r\nHost: h\r\n\r\n"
      "POST /three HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
      "2\r\nxy\r\n1;why=not\r\nz\r\n0\r\n\r\n");
  const std::string replies = peer.Receive();
  const size_t one = replies.find("POST one abc!"), two = replies.find("GET two !"),
               three = replies.find("POST three xyz!");
  ASSERT_NE(three, std::string::npos) << replies;
  EXPECT_LT(one, two);
  EXPECT_LT(two, three);
}

TEST_F(HttpServerTest, TakesARequestByteByByte) {
  Start(Echo);
  BarePeer peer(address());
  for (const char c :
       std::string("POST /slow?a=b HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody")) {
    peer.Send(std::string_view(&c, 1));
  }
  EXPECT_NE(peer.Receive("!").find("POST slow a=b body!"), std::string::npos);
}

TEST_F(HttpServerTest, LimitsABodyInChunksToo) {
  options_.body_bytes_max = 1000;
  Start(Echo);
  BarePeer fits(address());
  fits.Send("POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n" +
            std::string(1000, 'x') + "\r\n0\r\n\r\n");
  EXPECT_NE(fits.Receive("!").find("xxx!"), std::string::npos);
  BarePeer large(address());
  large.Send("POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 100; ++i) large.Send("64\r\n" + std::string(100, 'x') + "\r\n");
  EXPECT_NE(large.Receive().find("413"), std::string::npos);
  BarePeer endless(address());
  endless.Send("POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1;" +
               std::string(1 << 20, 'x'));
  EXPECT_NE(endless.Receive().find("413"), std::string::npos);
}

TEST_F(HttpServerTest, ARefusedBodyIsReadAwaySoThatTheRefusalArrives) {
  options_.body_bytes_max = 1000;
  Start(Echo);
  BarePeer peer(address());
  peer.Send("POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 8000000\r\n\r\n");
  peer.Send(std::string(8'000'000, 'x'));
  EXPECT_NE(peer.Receive("too large").find("HTTP/1.1 413 "), std::string::npos);
}

TEST_F(HttpServerTest, AReplyToHeadHasTheLengthAndNoBody) {
  Start(Echo);
  BarePeer peer(address());
  peer.Send("HEAD /h HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  const std::string reply = peer.Receive();
  EXPECT_EQ(reply.substr(0, 17), "HTTP/1.1 200 OK\r\n");
  EXPECT_NE(reply.find("Content-Length: 8\r\n"), std::string::npos) << reply;
  EXPECT_NE(reply.find("Connection: close\r\n"), std::string::npos) << reply;
  EXPECT_TRUE(reply.ends_with("\r\n\r\n")) << reply;
}

TEST_F(HttpServerTest, OlderPeersAreClosedAfterOneReply) {
  Start(Echo);
  BarePeer peer(address());
  peer.Send("GET /old HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(peer.Receive().ends_with("GET old !"));  // to the connection's end
}

TEST_F(HttpServerTest, ALargeReplyArrivesWhole) {
  std::string large;
  for (int i = 0; large.size() < (20 << 20); ++i) large += fmt::format("{},", i);
  Start([&](const HttpRequest&) { return HttpResponse{200, "text/plain", large, {}}; });
  BarePeer peer(address());
  peer.Send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  const std::string reply = peer.Receive();
  EXPECT_TRUE(reply.ends_with("\r\n\r\n" + large));
}

TEST_F(HttpServerTest, SlowAndIdlePeersHoldNobodyUp) {
  options_.idle_limit = std::chrono::seconds(1);
  options_.handler_threads = 1;
  Start(Echo);
  std::vector<std::unique_ptr<BarePeer>> idle;
  for (int i = 0; i < 200; ++i) {
    idle.push_back(std::make_unique<BarePeer>(address()));
    if (i % 2 == 0) idle.back()->Send("POST /slow HTTP/1.1\r\nContent-Length: 10\r\n\r\nhal");
  }
  BarePeer peer(address());
  peer.Send("GET /now HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_NE(peer.Receive("!").find("GET now"), std::string::npos);
  EXPECT_EQ(idle[0]->Receive(), "");  // closed, without an answer, when the limit passed
}

TEST_F(HttpServerTest, AHandlerThatThrowsIsA500) {
  Start([](const HttpRequest&) -> HttpResponse { throw std::runtime_error("inside"); });
  BarePeer peer(address());
  peer.Send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  const std::string reply = peer.Receive();
  EXPECT_NE(reply.find("500"), std::string::npos);
  EXPECT_EQ(reply.find("inside"), std::string::npos);
}

TEST_F(HttpServerTest, StopFinishesWhatIsBeingHandled) {
  std::atomic<bool> entered = false;
  Start([&](const HttpRequest& request) {
    entered = true;
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    return Echo(request);
  });
  BarePeer peer(address());
  peer.Send("GET /last HTTP/1.1\r\nHost: h\r\n\r\n");
  while (!entered) std::this_thread::yield();
  server_->Stop(std::chrono::seconds(10));
  EXPECT_NE(peer.Receive("!").find("GET last"), std::string::npos);
}

TEST_F(HttpServerTest, AReplyMayComeInPieces) {
  Start([](const HttpRequest&) {
    HttpResponse response{200, "text/plain", "begin,", {}};
    response.next_piece = [left = 3]() mutable {
      --left;
      return HttpPiece{left == 0 ? "end" : fmt::format("{},", left), left == 0,
                       std::chrono::milliseconds(left)};
    };
    return response;
  });
  BarePeer peer(address());
  for (int round = 0; round < 2; ++round) {
    peer.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    const std::string reply = peer.Receive("0\r\n\r\n");
    EXPECT_NE(reply.find("Transfer-Encoding: chunked"), std::string::npos) << reply;
    EXPECT_NE(reply.find("6\r\nbegin,\r\n2\r\n2,\r\n2\r\n1,\r\n3\r\nend\r\n0\r\n\r\n"),
              std::string::npos)
        << reply;
  }
}

TEST_F(HttpServerTest, IdleStreamsHoldNoThreadAndEndWithTheServer) {
  options_.handler_threads = 1;
  Start([](const HttpRequest& request) {
    if (request.path.empty()) return Echo(request);
    HttpResponse response{200, "text/event-stream", ":\n\n", {}};
    response.next_piece = [] { return HttpPiece{"", false, std::chrono::milliseconds(100)}; };
    return response;
  });
  std::vector<std::unique_ptr<BarePeer>> idle;
  for (int i = 0; i < 200; ++i) {
    idle.push_back(std::make_unique<BarePeer>(address()));
    idle.back()->Send("GET /stream HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_NE(idle.back()->Receive(":\n\n").find("event-stream"), std::string::npos);
  }
  BarePeer peer(address());
  peer.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_NE(peer.Receive("!").find("GET"), std::string::npos);
  server_->Stop(std::chrono::seconds(20));
  EXPECT_EQ(idle.back()->Receive(), "");
}

TEST_F(HttpServerTest, BodiesTogetherHaveABudgetThatComesBack) {
  options_.bodies_bytes_max = 1 << 20;
  Start(Echo);
  const std::string begun =
      "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 400001\r\n\r\n" + std::string(400'000, 'x');
  // It is full at the third; the two that came first may have been any of these.
  std::vector<std::unique_ptr<BarePeer>> peers;
  for (int i = 0; i < 3; ++i) {
    peers.push_back(std::make_unique<BarePeer>(address()));
    peers.back()->Send(begun);
  }
  for (const auto& peer : peers) peer->Send("x");
  int whole = 0, refused = 0;
  for (const auto& peer : peers) {
    const std::string reply = peer->Receive("\r\n\r\n");
    whole += reply.find("HTTP/1.1 200 ") != std::string::npos ? 1 : 0;
    refused += reply.find("HTTP/1.1 503 ") != std::string::npos ? 1 : 0;
  }
  EXPECT_EQ(whole + refused, 3);
  peers.clear();
  // A body's share comes back a moment after its reply went out: until then it is "try again".
  constexpr int kTriesMax = 1000;
  int taken = 0;
  for (int tries = 0; taken < 10 && tries < kTriesMax; ++tries) {
    BarePeer later(address());
    later.Send(begun + "x");
    taken += later.Receive("\r\n\r\n").find("HTTP/1.1 200 ") != std::string::npos ? 1 : 0;
  }
  EXPECT_EQ(taken, 10);
}

TEST_F(HttpServerTest, ABodyBeyondTheBudgetIsRefused) {
  options_.bodies_bytes_max = 1000;
  Start(Echo);
  BarePeer peer(address());
  peer.Send("POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 1500\r\n\r\n" + std::string(1200, 'x'));
  EXPECT_NE(peer.Receive("try again").find("HTTP/1.1 503 "), std::string::npos);
}

TEST_F(HttpServerTest, ALargeBodyIsTakenFromThoseOnlyWhomTheGateLetsIn) {
  options_.large_body_gate = [](HttpRequest head) -> std::optional<HttpResponse> {
    if (head.Header("authorization") == "me") return std::nullopt;
    return HttpResponse{401, "text/plain", "who? " + head.peer, {}};
  };
  Start(Echo);
  BarePeer small(address());
  small.Send("POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 60000\r\n\r\n" +
             std::string(60'000, 'x'));
  EXPECT_NE(small.Receive("x!").find("HTTP/1.1 200 "), std::string::npos);
  BarePeer stranger(address());
  stranger.Send("POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 9000000\r\n\r\n" +
                std::string(100'000, 'x'));
  EXPECT_NE(stranger.Receive("127.0.0.1").find("HTTP/1.1 401 "), std::string::npos);
  BarePeer known(address());
  known.Send("POST /p HTTP/1.1\r\nHost: h\r\nAuthorization: me\r\nContent-Length: 900000\r\n\r\n" +
             std::string(900'000, 'x'));
  EXPECT_NE(known.Receive("x!").find("HTTP/1.1 200 "), std::string::npos);
}

TEST_F(HttpServerTest, WhoHasWaitedLongestMakesRoom) {
  options_.connections_max = 20;
  Start(Echo);
  std::vector<std::unique_ptr<BarePeer>> idle;
  for (int i = 0; i < 60; ++i) idle.push_back(std::make_unique<BarePeer>(address()));
  BarePeer peer(address());
  peer.Send("GET /now HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_NE(peer.Receive("!").find("GET now"), std::string::npos);
  EXPECT_EQ(idle.front()->Receive(), "");
}

TEST_F(HttpServerTest, TellsAPeerThatWaitsThatItsBodyMayCome) {
  Start(Echo);
  BarePeer peer(address());
  peer.Send("POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(peer.Receive("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  peer.Send("body");
  EXPECT_EQ(peer.Receive("body!").substr(0, 12), "HTTP/1.1 200");
  BarePeer large(address());
  large.Send(
      "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 20000000\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(large.Receive("large").substr(0, 12), "HTTP/1.1 413");
}

TEST_F(HttpServerTest, RefusesBodiesInOtherCodingsAndTwoHosts) {
  Start(Echo);
  struct Case {
    const char* head;
    const char* status;
  };
  for (const Case& wrong :
       {Case{"Transfer-Encoding: xchunked", "501"}, Case{"Transfer-Encoding: gzip, chunked", "501"},
        Case{"Transfer-Encoding: identity\r\nContent-Length: 5", "501"},
        Case{"Transfer-Encoding: chunked\r\nContent-Length: 5", "400"},
        Case{"Content-Encoding: gzip\r\nContent-Length: 5", "415"},
        Case{"Host: other\r\nContent-Length: 5", "400"},
        Case{"Expect: wonders\r\nContent-Length: 5", "417"}}) {
    BarePeer peer(address());
    peer.Send(fmt::format("POST /p HTTP/1.1\r\nHost: h\r\n{}\r\n\r\n0\r\n\r\n", wrong.head));
    EXPECT_EQ(peer.Receive("\r\n").substr(0, 12), fmt::format("HTTP/1.1 {}", wrong.status))
        << wrong.head;
  }
}

TEST_F(HttpServerTest, WhatFollowsABodyIsNoHeader) {
  Start([](const HttpRequest& request) {
    return HttpResponse{
        200, "text/plain", "as " + std::string(request.Header("authorization")) + "!", {}};
  });
  BarePeer peer(address());
  peer.Send(
      "POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTrailer: Authorization\r\n\r\n"
      "1\r\nx\r\n0\r\nAuthorization: me\r\n\r\n");
  EXPECT_NE(peer.Receive("!").find("\r\n\r\nas !"), std::string::npos);
}

TEST_F(HttpServerTest, PathsAndParametersAreText) {
  Start(Echo);
  for (const char* wrong :
       {"/%ff%fe", "/?a=%ff", "/?%c0%af=1", "/a%00b", "/?a=%ed%a0%80", "/%f4%90%80%80"}) {
    BarePeer peer(address());
    peer.Send(fmt::format("GET {} HTTP/1.1\r\nHost: h\r\n\r\n", wrong));
    EXPECT_NE(peer.Receive("UTF-8").find("HTTP/1.1 400"), std::string::npos) << wrong;
  }
  BarePeer peer(address());
  peer.Send("GET /%c3%a9/%f0%9f%92%a5?a=%e2%82%ac HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_NE(peer.Receive("!").find("GET é 💥 a=€ !"), std::string::npos);
}

TEST_F(HttpServerTest, SaysWhatIsWrongWithAnAddress) {
  for (const char* wrong : {"nowhere", "127.0.0.1", "127.0.0.1:70000", "192.0.2.1:0", "1.2.3:x"}) {
    options_.listen = {wrong};
    const auto started = HttpServer::Start(options_, Echo);
    ASSERT_FALSE(started.ok()) << wrong;
    EXPECT_NE(started.status().ToString().find(wrong), std::string::npos);
  }
  Start(Echo);
  options_.listen = {address()};
  const auto taken = HttpServer::Start(options_, Echo);
  ASSERT_FALSE(taken.ok());
  EXPECT_NE(taken.status().ToString().find("in use"), std::string::npos);
}

TEST(Router, FindsByMethodAndPath) {
  Router router;
  const auto say = [](const char* text) {
    return [text](const HttpRequest&, const PathParameters&) {
      return HttpResponse{200, "text/plain", text, {}};
    };
  };
  router.Add("GET", "/jobs/{jobId}", say("one"));
  router.Add("DELETE", "/jobs/{jobId}", say("gone"));
  router.Add("GET", "/jobs", say("all"));
  router.Add("POST", "/jobs/list", say("list"));
  const auto find = [&](const char* method, std::vector<std::string> path) {
    HttpRequest request;
    request.method = method;
    request.path = std::move(path);
    return router.Find(request);
  };
  const auto one = find("GET", {"jobs", "7"});
  ASSERT_EQ(one.found, Router::Found::kHandler);
  EXPECT_EQ(one.parameters.at("jobId"), "7");
  EXPECT_EQ((*one.handler)({}, {}).body, "one");
  EXPECT_EQ(find("PUT", {"jobs"}).found, Router::Found::kOtherMethod);
  EXPECT_EQ(find("PUT", {"jobs"}).allowed, "GET");
  EXPECT_EQ(find("PUT", {"jobs", "list"}).allowed, "POST");
  EXPECT_EQ(find("PUT", {"jobs", "7"}).allowed, "GET, DELETE");
  EXPECT_EQ(find("GET", {"jobs", "7", "x"}).found, Router::Found::kNothing);
}

}  // namespace
}  // namespace millrace
