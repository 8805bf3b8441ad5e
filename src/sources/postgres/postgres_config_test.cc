#include "sources/postgres/postgres_config.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "sources/postgres/postgres_source.h"

namespace millrace {
namespace {

Json Config(const char* more = "{}") {
  Json config = Json::parse(
      R"({"host": "db", "port": 5433, "database": "shop", "username": "reader", "password": "pw7"})");
  config.update(Json::parse(more));
  return config;
}

std::string Refusal(const char* more) {
  const auto source = MakePostgresSource(Config(more));
  if (source.ok()) return "accepted";
  const Error error = source.status().error();
  EXPECT_EQ(error.type, FailureType::kConfigError);
  EXPECT_EQ(error.message.find("pw7"), std::string::npos);
  return error.message;
}

TEST(PostgresConfig, ReadsAirbytesFields) {
  const auto config = PostgresConfigFromJson(Config(R"({
      "schemas": ["a", "b"], "ssl_mode": {"mode": "verify-full", "ca_certificate": "PEM"},
      "replication_method": {"method": "Standard"}, "tunnel_method": {"tunnel_method": "NO_TUNNEL"},
      "jdbc_url_params": "connectTimeout=7", "max_db_connections": 4, "check_privileges": false,
      "checkpoint_target_interval_seconds": 60, "something_new": {}})"));
  ASSERT_TRUE(config.ok()) << config.status().ToString();
  EXPECT_EQ(config->connection.Where(), "db:5433/shop");
  EXPECT_EQ(config->connection.ssl_mode, SslMode::kVerifyFull);
  EXPECT_EQ(config->connection.ca_certificate, "PEM");
  EXPECT_EQ(config->connection.connect_timeout.count(), 7);
  EXPECT_EQ(config->schemas, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(config->max_connections, 4);
  EXPECT_FALSE(config->check_privileges);
  EXPECT_EQ(config->checkpoint_interval.count(), 60);
}

TEST(PostgresConfig, HasAirbytesDefaults) {
  const auto config =
      PostgresConfigFromJson(Json::parse(R"({"host": "h", "database": "d", "username": "u"})"));
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->connection.port, 5432);
  EXPECT_EQ(config->connection.ssl_mode, SslMode::kPrefer);
  EXPECT_TRUE(config->schemas.empty());
  EXPECT_EQ(PostgresConfigFromJson(Config(R"({"ssl": true})"))->connection.ssl_mode,
            SslMode::kRequire);
}

TEST(PostgresConfig, RefusesByNameWhatComesLater) {
  EXPECT_NE(Refusal(R"({"replication_method": {"method": "CDC", "replication_slot": "s",
                        "publication": "p"}})")
                .find("\"CDC\" comes later"),
            std::string::npos);
  EXPECT_NE(Refusal(R"({"entra_service_principal_auth": true})").find("comes later"),
            std::string::npos);
}

TEST(PostgresConfig, NamesWhatIsWrong) {
  EXPECT_NE(Refusal(R"({"host": null})").find("\"host\" is missing"), std::string::npos);
  EXPECT_NE(Refusal(R"({"port": "x"})").find("\"port\""), std::string::npos);
  EXPECT_NE(Refusal(R"({"ssl_mode": {"mode": "maybe"}})").find("\"maybe\""), std::string::npos);
  EXPECT_NE(Refusal(R"({"ssl_mode": {"mode": "verify-ca"}})").find("\"ca_certificate\""),
            std::string::npos);
  EXPECT_NE(Refusal(R"({"ssl_mode": {"mode": "verify-ca", "ca_certificate": "x",
                        "client_key": "k"}})")
                .find("client_certificate"),
            std::string::npos);
  EXPECT_NE(Refusal(R"({"max_db_connections": 1})").find("max_db_connections"), std::string::npos);
  EXPECT_NE(Refusal(R"({"tunnel_method": {"tunnel_method": "SSH_KEY_AUTH"}})")
                .find("\"tunnel_host\" is missing"),
            std::string::npos);
  EXPECT_NE(Refusal(R"({"checkpoint_target_interval_seconds": 0})").find("checkpoint_target"),
            std::string::npos);
  EXPECT_NE(Refusal(R"({"schemas": "public"})").find("schemas"), std::string::npos);
  EXPECT_NE(Refusal(R"({"jdbc_url_params": "x"})").find("jdbc_url_params"), std::string::npos);
}

}  // namespace
}  // namespace millrace
