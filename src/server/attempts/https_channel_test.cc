// The suites of the channel between attempt and worker, over HTTPS; and what only that has.
#include <gmock/gmock.h>

#include <csignal>
#include <cstdlib>

#include "attempt/https_caller.h"
#include "attempt/testing/attempt_channel_suite.h"
#include "attempt/testing/attempt_redial_suite.h"
#include "server/attempts/attempt_endpoint.h"
#include "subprocess/scratch_folder.h"

namespace millrace {
namespace {

using ::testing::HasSubstr;

constexpr AttemptId kId{12, 1};
constexpr auto kToken = "the token of this attempt";

/// A certificate for 127.0.0.1, which whoever knows its file trusts.
struct Certificate {
  Certificate() {
    std::signal(SIGPIPE, SIG_IGN);
    const std::string make =
        "cd " + folder.path().string() +
        " && openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 "
        "-subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 2>/dev/null";
    EXPECT_EQ(std::system(make.c_str()), 0) << "the openssl program is missing";
  }
  std::filesystem::path file(const char* name) const { return folder.path() / name; }

  ScratchFolder folder = *ScratchFolder::Make();
};

/// An endpoint that expects one attempt.
class Server {
 public:
  explicit Server(const Certificate& certificate, const std::string& listen = "127.0.0.1:0") {
    auto endpoint = AttemptEndpoint::Start(
        {listen, certificate.file("cert.pem"), certificate.file("key.pem")},
        [this](const AttemptId& id, const std::string& token) -> std::shared_ptr<CallSlot> {
          return id == kId && token == kToken ? slot : nullptr;
        });
    EXPECT_TRUE(endpoint.ok()) << endpoint.status().ToString();
    endpoint_ = *std::move(endpoint);
  }

  std::string address() const { return endpoint_->address(); }
  ParentAddress AddressFor(const Certificate& trusted) const {
    return {.socket_path = {},
            .url = "https://" + address(),
            .ca_bundle = trusted.file("cert.pem").string(),
            .job = kId.job,
            .number = kId.number,
            .token = kToken};
  }

  const std::shared_ptr<CallSlot> slot = std::make_shared<CallSlot>();

 private:
  std::unique_ptr<AttemptEndpoint> endpoint_;
};

/// Both ends as the product has them.
class HttpsTransport : public ChannelTransport {
 public:
  static std::unique_ptr<ChannelTransport> Make() { return std::make_unique<HttpsTransport>(); }

  Ends Connect() override {
    auto attempt = caller_.Call();
    EXPECT_TRUE(attempt.ok()) << attempt.status().ToString();
    return {server_.slot->Take(), *std::move(attempt)};
  }

 private:
  const Certificate certificate_;
  Server server_{certificate_};
  HttpsCaller caller_{server_.AddressFor(certificate_)};
};

INSTANTIATE_TEST_SUITE_P(Https, AttemptChannelTest, ::testing::Values(&HttpsTransport::Make));
INSTANTIATE_TEST_SUITE_P(Https, AttemptRedialTest, ::testing::Values(&HttpsTransport::Make));

TEST(HttpsChannel, OnlyWhoKnowsTheTokenIsLetIn) {
  const Certificate certificate;
  const Server server(certificate);
  ParentAddress stranger = server.AddressFor(certificate);
  stranger.token = "another one";
  EXPECT_THAT(HttpsCaller(stranger).Call().status().ToString(), HasSubstr("does not know"));
  ParentAddress unknown = server.AddressFor(certificate);
  unknown.job = 99;
  EXPECT_THAT(HttpsCaller(unknown).Call().status().ToString(), HasSubstr("does not know"));
  EXPECT_EQ(server.slot->Take(), nullptr);
}

TEST(HttpsChannel, AServerThatIsNotWhoItSaysHearsNothing) {
  const Certificate certificate, other;
  const Server server(certificate);
  const auto call = HttpsCaller(server.AddressFor(other)).Call();
  EXPECT_THAT(call.status().ToString(), HasSubstr("certificate"));
  ParentAddress by_name = server.AddressFor(certificate);
  by_name.url.replace(by_name.url.find("127.0.0.1"), 9, "localhost");
  EXPECT_TRUE(HttpsCaller(by_name).Call().status().failed()) << "the certificate is the address's";
  EXPECT_EQ(server.slot->Take(), nullptr);
}

TEST(HttpsChannel, OutlivesARestartOfTheServer) {
  const Certificate certificate;
  auto server = std::make_unique<Server>(certificate);
  const std::string address = server->address();
  auto caller = std::make_shared<HttpsCaller>(server->AddressFor(certificate));
  auto socket = caller->Call();
  ASSERT_TRUE(socket.ok()) << socket.status().ToString();
  HeardCommands commands;
  AttemptChannel channel(
      *std::move(socket), [&](std::string_view command) { commands.Hear(command); },
      AttemptChannel::Redial{[caller] { return caller->Call(); }, std::chrono::seconds(60),
                             std::chrono::milliseconds(20)});
  std::jthread asker([&] {
    const auto answer = channel.Ask({{"type", "STATE"}}, std::chrono::seconds(60));
    EXPECT_TRUE(answer.ok()) << answer.status().ToString();
  });
  auto parent = server->slot->Take();
  const auto first = parent->Read();
  ASSERT_TRUE(first.ok() && *first);
  server.reset();
  commands.Await("away");
  server = std::make_unique<Server>(certificate, address);
  commands.Await("back");
  parent = server->slot->Take();
  const auto second = parent->Read();
  ASSERT_TRUE(second.ok() && *second);
  EXPECT_EQ(**first, **second) << "under the same number";
  ASSERT_TRUE(parent->Write({{"answer", (**second)["seq"]}, {"value", nullptr}}).ok());
}

TEST(HttpsChannel, ACallThatWasReplacedBringsNothingMore) {
  const Certificate certificate;
  const Server server(certificate);
  HttpsCaller first(server.AddressFor(certificate)), second(server.AddressFor(certificate));
  auto old_call = first.Call();
  ASSERT_TRUE(old_call.ok());
  auto new_call = second.Call();
  ASSERT_TRUE(new_call.ok());
  // Which fails where the old one has heard of its end already.
  (void)(*old_call)->Write({{"of", "the old one"}}).ok();
  ASSERT_TRUE((*new_call)->Write({{"of", "the new one"}}).ok());
  const auto parent = server.slot->Take();
  const auto heard = parent->Read();
  ASSERT_TRUE(heard.ok() && *heard);
  EXPECT_EQ((**heard)["of"], Json("the new one"));
  const auto end = (*old_call)->Read();
  EXPECT_TRUE(!end.ok() || !*end) << "it has ended";
}

}  // namespace
}  // namespace millrace
