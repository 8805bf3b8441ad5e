// What Check says: privileges, TLS in its six modes, and each way in which a server can't be used.

#include <thread>

#include "sources/postgres/source_fixture.h"

namespace millrace {
namespace {

class ConnectionTest : public SourceFixture {
 protected:
  Status Check(Json more) const {
    Json config = Config();
    config.update(more);
    auto source = MakePostgresSource(config);
    return source.ok() ? (*source)->Check() : source.status();
  }
  /// The message; empty when the check passes.
  std::string Refusal(Json more, FailureType type = FailureType::kConfigError) const {
    const Status status = Check(std::move(more));
    if (status.ok()) return "";
    EXPECT_EQ(status.error().type, type) << status.ToString();
    EXPECT_EQ(status.error().message.find('\n'), std::string::npos) << status.ToString();
    for (const std::string& text : {status.error().message, status.error().internal}) {
      EXPECT_EQ(text.find(TemporaryServer::kPassword), std::string::npos) << text;
    }
    return status.error().message;
  }
  Json Tls(const char* mode, const char* ca = nullptr) const {
    Json ssl{{"mode", mode}};
    if (ca != nullptr) ssl["ca_certificate"] = Server().Pem(std::string(ca) + ".crt");
    return Json{{"ssl_mode", ssl}};
  }
};

TEST_F(ConnectionTest, PassesWhereItWorks) {
  EXPECT_EQ(Refusal(Json::object()), "");
  Sql("CREATE TABLE t (i int)");
  EXPECT_EQ(Refusal({{"schemas", {"public"}}}), "");
}

TEST_F(ConnectionTest, SaysWhatIsWrong) {
  EXPECT_NE(Refusal({{"password", "not-the-one"}}).find("password authentication failed"),
            std::string::npos);
  EXPECT_NE(Refusal({{"database", "nowhere"}}).find("\"nowhere\" does not exist"),
            std::string::npos);
  EXPECT_NE(Refusal({{"host", "nowhere.invalid"}}).find("nowhere.invalid"), std::string::npos);
  EXPECT_NE(Refusal({{"port", 1}}, FailureType::kTransientError).find("Connection refused"),
            std::string::npos);
  EXPECT_NE(Refusal({{"schemas", {"public", "pubic"}}}).find("\"pubic\""), std::string::npos);
  Sql("CREATE TABLE t (i int); CREATE SCHEMA closed");
  EXPECT_NE(Refusal({{"username", "reader"}}).find("may read none of the 1 tables"),
            std::string::npos);
  EXPECT_NE(Refusal({{"username", "reader"}, {"schemas", {"closed"}}}).find("GRANT USAGE"),
            std::string::npos);
  Sql("GRANT SELECT ON t TO reader");
  EXPECT_EQ(Refusal({{"username", "reader"}}), "");
}

TEST_F(ConnectionTest, TlsInAllModes) {
  for (const char* mode : {"disable", "allow", "prefer", "require"}) {
    EXPECT_EQ(Refusal(Tls(mode)), "") << mode;
  }
  for (const char* mode : {"verify-ca", "verify-full"}) {
    EXPECT_NE(Refusal(Tls(mode, "other_ca")).find("certificate"), std::string::npos) << mode;
  }
  EXPECT_EQ(Refusal(Tls("verify-ca", "ca")), "");
  // The certificate is made out to localhost, not to 127.0.0.1.
  EXPECT_NE(Refusal(Tls("verify-full", "ca")).find("certificate"), std::string::npos);
  Json full = Tls("verify-full", "ca");
  full["host"] = "localhost";
  EXPECT_EQ(Refusal(full), "");
  full["ssl_mode"]["ca_certificate"] = "no PEM at all";
  EXPECT_NE(Refusal(full).find("certificate"), std::string::npos);
}

TEST_F(ConnectionTest, ServersThatInsistOnTls) {
  Json config = Tls("disable");
  config["username"] = "tls_only";
  EXPECT_NE(Refusal(config).find("no encryption"), std::string::npos);
  config.update(Tls("allow"));
  EXPECT_EQ(Refusal(config), "");
  Json certified = Tls("verify-ca", "ca");
  certified["username"] = "cert_only";
  certified["password"] = "";
  EXPECT_NE(Refusal(certified).find("certificate"), std::string::npos);
  certified["ssl_mode"]["client_certificate"] = Server().Pem("client.crt");
  certified["ssl_mode"]["client_key"] = Server().Pem("client.key");
  EXPECT_EQ(Refusal(certified), "");
}

TEST_F(ConnectionTest, RowsAreTheSameThroughTls) {
  Sql("CREATE TABLE t AS SELECT i, md5(i::text) AS m FROM generate_series(1, 30000) i");
  const auto stream = Configured("t");
  RecordedOutput plain, encrypted;
  Sync(*Open(R"({"ssl_mode": {"mode": "disable"}})"), stream, {}, plain);
  Sync(*Open(R"({"ssl_mode": {"mode": "require"}})"), stream, {}, encrypted);
  EXPECT_EQ(plain.rows, 30000);
  EXPECT_EQ(plain.Column("m"), encrypted.Column("m"));
}

TEST_F(ConnectionTest, AStopRequestEndsAQuery) {
  std::stop_source stop;
  std::jthread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    stop.request_stop();
  });
  // Without the stop this would take a minute, and the test's time limit.
  const auto rows = admin_->Query("SELECT pg_sleep(3600)", {}, stop.get_token());
  EXPECT_TRUE(rows.status().canceled());
  EXPECT_FALSE(admin_->usable());
}

TEST_F(ConnectionTest, AStopRequestEndsACopy) {
  struct Ignored : CopySink {
    Status Consume(const char*, size_t) override { return Status::Ok(); }
  } sink;
  std::stop_source stop;
  std::jthread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    stop.request_stop();
  });
  EXPECT_TRUE(admin_
                  ->CopyOut("COPY (SELECT i FROM generate_series(1, 2000000000) i) TO STDOUT", sink,
                            stop.get_token())
                  .canceled());
}

}  // namespace
}  // namespace millrace
