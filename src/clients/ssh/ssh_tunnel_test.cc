#include "clients/ssh/ssh_tunnel.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "clients/ssh/private_key.h"
#include "clients/ssh/ssh_session.h"
#include "clients/ssh/testing/echo_server.h"
#include "clients/ssh/testing/ssh_server.h"

namespace millrace {
namespace {

using std::chrono::seconds;

class SshTunnelTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { shared_ = SshServer::Start(); }
  static void TearDownTestSuite() { shared_.reset(); }
  void SetUp() override { ASSERT_NE(server_, nullptr) << "no sshd (see scripts/setup.sh)"; }
  /// A server of this test's own.
  void Start(const std::string& config) {
    own_ = SshServer::Start(config);
    server_ = own_.get();
    ASSERT_NE(server_, nullptr) << "no sshd (see scripts/setup.sh)";
  }
  /// Sends `bytes` through the tunnel and gives what comes back until its end.
  static std::string Echo(int port, const std::string& bytes) {
    auto client = ConnectTcp("127.0.0.1", port, Deadline::After(seconds(10)), {});
    if (!client.ok()) return client.status().ToString();
    std::jthread sender([&] { SendAll(client->fd(), bytes); });
    return ReceiveAll(client->fd());
  }
  static void ExpectError(const Status& status, FailureType type, const std::string& part) {
    ASSERT_TRUE(status.failed()) << status.ToString();
    EXPECT_EQ(ToString(status.error().type), ToString(type)) << status.ToString();
    EXPECT_NE(status.error().message.find(part), std::string::npos) << status.ToString();
    EXPECT_EQ(status.error().message.find(SshServer::kPassword), std::string::npos);
  }

  static inline std::unique_ptr<SshServer> shared_;
  std::unique_ptr<SshServer> own_;
  SshServer* server_ = shared_.get();
  EchoServer echo_;
};

TEST_F(SshTunnelTest, LogsInByPasswordAndByEveryKindOfKey) {
  for (const SshOptions& options : {server_->WithPassword(), server_->WithKey("ed25519"),
                                    server_->WithKey("rsa"), server_->WithKey("rsa_pem")}) {
    SshTunnel tunnel(options, "127.0.0.1", echo_.port());
    const auto port = tunnel.Port({});
    ASSERT_TRUE(port.ok()) << port.status().ToString() << server_->Read("log");
    EXPECT_EQ(Echo(*port, "hello"), "hello");
    EXPECT_TRUE(tunnel.failure().ok());
  }
}

TEST_F(SshTunnelTest, MendsTheLineBreaksOfAKey) {
  std::string key = server_->Read("ed25519");
  std::replace(key.begin(), key.end(), '\n', ' ');
  EXPECT_TRUE(PrivateKeyFromText(key).ok());
  std::string escaped;
  for (const char c : server_->Read("rsa_pem"))
    escaped += c == '\n' ? std::string("\\n") : std::string(1, c);
  EXPECT_TRUE(PrivateKeyFromText(escaped).ok());
}

TEST_F(SshTunnelTest, SaysWhatTheUserMustChange) {
  SshOptions wrong = server_->WithPassword();
  wrong.password = "wrong-password";
  ExpectError(SshSession::Connect(wrong).status(), FailureType::kConfigError,
              "refused the password of the user tunnel");
  ExpectError(SshSession::Connect(server_->WithKey("stranger")).status(), FailureType::kConfigError,
              "refused the key for the user tunnel");
  ExpectError(SshSession::Connect(server_->WithKey("with_passphrase")).status(),
              FailureType::kConfigError, "has a passphrase");
  ExpectError(SshSession::Connect(server_->WithKey("ed25519.pub")).status(),
              FailureType::kConfigError, "not a private key");
  SshOptions nowhere = server_->WithPassword();
  nowhere.host = "no-such-host.invalid";
  ExpectError(SshSession::Connect(nowhere).status(), FailureType::kConfigError, "is not known");
  SshOptions closed = server_->WithPassword();
  closed.port = 1;
  ExpectError(SshSession::Connect(closed).status(), FailureType::kTransientError, "refused");
  SshOptions no_ssh = server_->WithPassword();
  no_ssh.port = echo_.port();
  no_ssh.connect_timeout = seconds(5);
  EXPECT_FALSE(SshSession::Connect(no_ssh).ok());
}

TEST_F(SshTunnelTest, LeavesNoDescriptorOpen) {
  const auto count = [] {
    const std::filesystem::directory_iterator open("/proc/self/fd");
    return std::distance(begin(open), end(open));
  };
  SshOptions wrong = server_->WithPassword();
  wrong.password = "wrong-password";
  // Once first: what libraries open for themselves stays open.
  for (int64_t round = 0, before = 0; round < 4; ++round) {
    EXPECT_FALSE(SshSession::Connect(wrong).ok());
    EXPECT_TRUE(SshSession::Connect(server_->WithPassword()).ok());
    SshTunnel tunnel(server_->WithPassword(), "127.0.0.1", 1);
    EXPECT_FALSE(tunnel.Port({}).ok());
    if (round == 0) before = count();
    EXPECT_EQ(count(), before);
  }
}

TEST_F(SshTunnelTest, SaysThatTheTargetCantBeReached) {
  SshTunnel closed(server_->WithPassword(), "127.0.0.1", 1);
  ExpectError(closed.Port({}).status(), FailureType::kTransientError, "can't reach 127.0.0.1:1");
  Start("AllowTcpForwarding no");
  SshTunnel forbidden(server_->WithPassword(), "127.0.0.1", echo_.port());
  ExpectError(forbidden.Port({}).status(), FailureType::kConfigError, "does not forward");
}

TEST_F(SshTunnelTest, SaysThatNoPasswordIsTaken) {
  Start("PasswordAuthentication no\nKbdInteractiveAuthentication no");
  ExpectError(SshSession::Connect(server_->WithPassword()).status(), FailureType::kConfigError,
              "or takes none");
}

TEST_F(SshTunnelTest, RefusesAChangedHostKey) {
  SshOptions options = server_->WithPassword();
  const std::string known = server_->folder() + "/known_hosts";
  const auto write = [&](const std::string& key) {
    std::ofstream(known) << "[127.0.0.1]:" << server_->port() << " " << server_->Read(key);
  };
  options.known_hosts_file = known;
  write("host.pub");
  EXPECT_TRUE(SshSession::Connect(options).ok());
  write("stranger.pub");
  ExpectError(SshSession::Connect(options).status(), FailureType::kConfigError,
              "is not the one in known_hosts");
}

TEST_F(SshTunnelTest, CarriesManyConnectionsAtOnce) {
  SshTunnel tunnel(server_->WithKey("ed25519"), "127.0.0.1", echo_.port());
  const auto port = tunnel.Port({});
  ASSERT_TRUE(port.ok()) << port.status().ToString();
  std::mt19937_64 random(20'261'122);
  std::vector<std::string> sent(12);
  for (size_t i = 0; i < sent.size(); ++i) {
    sent[i].resize(i * 700'001);  // the first is empty, the last has 7.7 MB
    for (char& c : sent[i]) c = static_cast<char>(random());
  }
  std::vector<std::string> received(sent.size());
  {
    std::vector<std::jthread> clients;
    for (size_t i = 0; i < sent.size(); ++i) {
      clients.emplace_back([&, i] { received[i] = Echo(*port, sent[i]); });
    }
  }
  for (size_t i = 0; i < sent.size(); ++i) EXPECT_EQ(sent[i] == received[i], true) << i;
  EXPECT_EQ(*tunnel.Port({}), *port);
}

TEST_F(SshTunnelTest, OpensAgainAfterTheSessionWasLost) {
  Start("");
  SshTunnel tunnel(server_->WithPassword(), "127.0.0.1", echo_.port());
  auto port = tunnel.Port({});
  ASSERT_TRUE(port.ok());
  auto client = ConnectTcp("127.0.0.1", *port, Deadline::After(seconds(10)), {});
  ASSERT_TRUE(client.ok());
  SendAll(client->fd(), "x", /*end=*/false);
  server_->Stop();
  EXPECT_EQ(ReceiveAll(client->fd()).size() <= 1, true);  // it ends
  while (tunnel.failure().ok()) std::this_thread::yield();
  ExpectError(tunnel.failure(), FailureType::kTransientError, "was lost");
  ExpectError(tunnel.Port({}).status(), FailureType::kTransientError, "refused");
}

TEST_F(SshTunnelTest, StopsWhileItConnects) {
  int port = 0;
  const TcpSocket silent = *ListenOnLoopback(&port);  // takes connections, never says a word
  SshOptions options = server_->WithPassword();
  options.port = port;
  std::stop_source stop;
  std::jthread stopper([&] { stop.request_stop(); });
  EXPECT_TRUE(SshSession::Connect(options, stop.get_token()).status().canceled());
  options.connect_timeout = seconds(1);
  ExpectError(SshSession::Connect(options).status(), FailureType::kTransientError, "no answer");
}

}  // namespace
}  // namespace millrace
