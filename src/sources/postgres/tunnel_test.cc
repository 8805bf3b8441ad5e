// The same database through an SSH server: every way to log in, every TLS mode, every refusal.

#include <filesystem>

#include "clients/ssh/testing/ssh_server.h"
#include "sources/postgres/source_fixture.h"

namespace millrace {
namespace {

class TunnelTest : public SourceFixture {
 protected:
  static SshServer& Ssh() {
    static const std::unique_ptr<SshServer> server = [] {
      auto started = SshServer::Start();
      MR_CHECK(started != nullptr, "no sshd (see scripts/setup.sh)");
      return started;
    }();
    return *server;
  }
  Json Through(const char* method) const {
    Json tunnel{{"tunnel_method", method},
                {"tunnel_host", "127.0.0.1"},
                {"tunnel_port", Ssh().port()},
                {"tunnel_user", "tunnel"}};
    if (std::string(method) == "SSH_KEY_AUTH") {
      tunnel["ssh_key"] = Ssh().Read("ed25519");
    } else {
      tunnel["tunnel_user_password"] = SshServer::kPassword;
    }
    return {{"tunnel_method", tunnel}};
  }
  Status Check(const Json& more) const {
    Json config = Config();
    config.update(more);
    auto source = MakePostgresSource(config);
    return source.ok() ? (*source)->Check() : source.status();
  }
};

TEST_F(TunnelTest, EveryTlsModeWorksThroughTheTunnel) {
  for (const char* mode : {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}) {
    Json more = Through("SSH_PASSWORD_AUTH");
    more["ssl_mode"] = {{"mode", mode}, {"ca_certificate", Server().Pem("ca.crt")}};
    more["host"] = "localhost";
    EXPECT_EQ(Check(more).ToString(), "ok") << mode;
  }
  // The server's name is checked, though libpq connects to a port of this machine.
  Json other = Through("SSH_KEY_AUTH");
  other["ssl_mode"] = {{"mode", "verify-full"}, {"ca_certificate", Server().Pem("ca.crt")}};
  const Status refused = Check(other);
  ASSERT_TRUE(refused.failed());
  EXPECT_NE(refused.error().message.find("certificate"), std::string::npos) << refused.ToString();
}

TEST_F(TunnelTest, ATableIsReadInPartsThroughOneTunnel) {
  Sql("CREATE TABLE t AS SELECT i, md5(i::text) AS m FROM generate_series(1, 200000) i; ANALYZE t");
  Json config = Config();
  config.update(Through("SSH_KEY_AUTH"));
  auto made = MakePostgresSource(config);
  ASSERT_TRUE(made.ok());
  auto& source = static_cast<PartitionedSource&>(**made);
  const auto stream = Configured("t");
  RecordedOutput direct, tunnelled;
  Sync(stream, {}, direct);
  const auto partitions = source.Split(stream, {});
  ASSERT_TRUE(partitions.ok()) << partitions.status().ToString();
  {
    std::vector<std::jthread> readers;
    for (const Partition& partition : *partitions) {
      readers.emplace_back(
          [&] { EXPECT_TRUE(source.ReadPartition(stream, partition, tunnelled, {}).ok()); });
    }
  }
  EXPECT_EQ(tunnelled.rows, 200000);
  auto expected = direct.Column("m"), found = tunnelled.Column("m");
  std::sort(expected.begin(), expected.end());
  std::sort(found.begin(), found.end());
  EXPECT_EQ(expected, found);
}

TEST_F(TunnelTest, SaysWhichOfTheTwoServersRefuses) {
  Json more = Through("SSH_PASSWORD_AUTH");
  more["tunnel_method"]["tunnel_user_password"] = "wrong-password";
  Status refused = Check(more);
  ASSERT_TRUE(refused.failed());
  EXPECT_EQ(refused.error().type, FailureType::kConfigError);
  EXPECT_NE(refused.error().message.find("SSH server tunnel@127.0.0.1"), std::string::npos);
  more = Through("SSH_PASSWORD_AUTH");
  more["password"] = "wrong-too";
  refused = Check(more);
  ASSERT_TRUE(refused.failed());
  EXPECT_EQ(refused.error().type, FailureType::kConfigError);
  EXPECT_NE(refused.error().message.find("password authentication failed"), std::string::npos);
  more = Through("SSH_PASSWORD_AUTH");
  more["port"] = 1;
  refused = Check(more);
  ASSERT_TRUE(refused.failed());
  EXPECT_EQ(refused.error().type, FailureType::kTransientError);
  EXPECT_NE(refused.error().message.find("can't reach 127.0.0.1:1"), std::string::npos);
}

}  // namespace
}  // namespace millrace
