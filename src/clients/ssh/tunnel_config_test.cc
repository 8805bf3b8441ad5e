#include "clients/ssh/tunnel_config.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/secrets.h"

namespace millrace {
namespace {

TEST(TunnelConfig, ReadsAirbytesObject) {
  EXPECT_FALSE(TunnelFromJson(Json::object())->has_value());
  EXPECT_FALSE(TunnelFromJson(Json::parse(R"({"tunnel_method": {"tunnel_method": "NO_TUNNEL"}})"))
                   ->has_value());
  const auto by_key = TunnelFromJson(Json::parse(R"({"tunnel_method": {
      "tunnel_method": "SSH_KEY_AUTH", "tunnel_host": "bastion", "tunnel_port": 2222,
      "tunnel_user": "bob", "ssh_key": "first-line-of-key\nsecond-line-of-key"}})"));
  ASSERT_TRUE(by_key.ok());
  EXPECT_EQ((*by_key)->Where(), "bob@bastion:2222");
  EXPECT_EQ((*by_key)->private_key, "first-line-of-key\nsecond-line-of-key");
  EXPECT_EQ((*by_key)->password, "");
  EXPECT_EQ(Secrets::Redact("second-line-of-key"), "**********");
  const auto by_password = TunnelFromJson(Json::parse(R"({"tunnel_method": {
      "tunnel_method": "SSH_PASSWORD_AUTH", "tunnel_host": "bastion", "tunnel_user": "bob",
      "tunnel_user_password": "password-of-bob"}})"));
  ASSERT_TRUE(by_password.ok());
  EXPECT_EQ((*by_password)->port, 22);
  EXPECT_EQ((*by_password)->password, "password-of-bob");
}

TEST(TunnelConfig, NamesTheFieldThatIsWrong) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"tunnel_method": "NO_TUNNEL"})", "must be an object"},
      {R"({"tunnel_method": {}})", "\"tunnel_method\" is missing"},
      {R"({"tunnel_method": {"tunnel_method": "VPN"}})", "\"VPN\" is not known"},
      {R"({"tunnel_method": {"tunnel_method": "SSH_KEY_AUTH", "tunnel_user": "u"}})",
       "\"tunnel_host\" is missing"},
      {R"({"tunnel_method": {"tunnel_method": "SSH_KEY_AUTH", "tunnel_host": "h",
           "tunnel_user": "u", "tunnel_user_password": "x"}})",
       "\"ssh_key\" is missing"},
      {R"({"tunnel_method": {"tunnel_method": "SSH_KEY_AUTH", "tunnel_host": "h",
           "tunnel_port": 70000}})",
       "\"tunnel_port\" must be"},
  };
  for (const auto& [config, message] : cases) {
    const auto tunnel = TunnelFromJson(Json::parse(config));
    ASSERT_FALSE(tunnel.ok()) << config;
    EXPECT_EQ(tunnel.status().error().type, FailureType::kConfigError);
    EXPECT_NE(tunnel.status().error().message.find(message), std::string::npos)
        << tunnel.status().error().message;
  }
}

}  // namespace
}  // namespace millrace
