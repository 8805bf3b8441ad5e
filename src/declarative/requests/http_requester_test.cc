#include "declarative/requests/http_requester.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "clients/http/testing/scripted_server.h"
#include "declarative/manifest/yaml_reader.h"
#include "declarative/requests/http_api_transport.h"
#include "declarative/requests/testing/fake_engine.h"

namespace millrace {
namespace {

TEST(HttpRequesterTest, ManyThreadsFetchOneToken) {
  std::atomic<int> tokens = 0;
  std::atomic<int> strangers = 0;
  ScriptedServer server([&](const auto& request, auto& reply) {
    if (request.target == "/token") {
      ++tokens;
      return reply.Answer(200, R"({"access_token": "the-token", "expires_in": 3600})");
    }
    const auto sent = request.headers.find("authorization");
    if (sent == request.headers.end() || sent->second != "Bearer the-token") ++strangers;
    reply.Answer(200, "{}");
  });
  const auto node = ReadYaml("type: HttpRequester\nurl_base: " + server.Url("/") + R"(
path: things/{{ stream_slice.id }}
authenticator:
  type: OAuthAuthenticator
  client_id: id
  client_secret: secret
  refresh_token: refresh
  token_refresh_endpoint: )" +
                             server.Url("/token"));
  ASSERT_TRUE(node.ok()) << node.status().ToString();
  FakeEngine engine;
  HttpApiTransport transport({});
  engine.environment.transport = &transport;
  ApiResources resources;
  auto requester = MakeHttpRequester(Component(*node, "requester"), engine.environment,
                                     {.resources = &resources, .name = "s"});
  ASSERT_TRUE(requester.ok()) << requester.status().ToString();
  std::atomic<int> good = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 10; ++i) {
          StreamSlice slice;
          slice.partition = PyDict({{"id", PyValue(t * 10 + i)}});
          ApiCall call;
          call.slice = &slice;
          if ((*requester)->Send(std::move(call)).ok()) ++good;
        }
      });
    }
  }
  EXPECT_EQ(good, 80);
  EXPECT_EQ(tokens, 1);
  EXPECT_EQ(strangers, 0);
}

TEST(HttpRequesterTest, MistakesNameTheirPlace) {
  FakeEngine engine;
  ApiResources resources;
  struct Mistake {
    const char *yaml, *words;
    FailureType type = FailureType::kConfigError;
  };
  for (const auto& [yaml, words, type] :
       {Mistake{"type: HttpRequester\n", "url"},
        Mistake{"type: CustomRequester\nclass_name: a.B\n", "custom Python class",
                FailureType::kSystemError},
        Mistake{"type: HttpRequester\nurl: http://h\nauthenticator:\n  type: Nobody\n", "line 4"},
        Mistake{"type: HttpRequester\nurl: http://h\nerror_handler:\n  type: DefaultErrorHandler\n"
                "  response_filters:\n  - type: HttpResponseFilter\n    action: JUMP\n",
                "action"}}) {
    const auto requester = MakeHttpRequester(Component(*ReadYaml(yaml), "requester"),
                                             engine.environment, {.resources = &resources});
    ASSERT_FALSE(requester.ok()) << yaml;
    EXPECT_EQ(requester.status().error().type, type) << yaml;
    EXPECT_NE(requester.status().ToString().find(words), std::string::npos)
        << requester.status().ToString();
  }
}

}  // namespace
}  // namespace millrace
