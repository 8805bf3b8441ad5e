#include "control/secrets/config_references.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

namespace millrace {
namespace {

const Json kSpec = Json::parse(R"({"type": "object", "required": ["host"], "properties": {
    "host": {"type": "string"}, "port": {"type": "integer"},
    "password": {"type": "string", "airbyte_secret": true},
    "list": {"type": "array", "items": {"type": "string"}}}})");

class ConfigReferences : public testing::Test {
 protected:
  void SetUp() override {
    setenv("MILLRACE_CONFIG_PORT", "5433", 1);
    setenv("MILLRACE_SECRET_KEY", "never-to-be-read", 1);
    setenv("SHOP_PASSWORD", "p-from-environment", 1);
    setenv("OTHER", "x", 1);
  }
  void TearDown() override {
    for (const char* name : {"MILLRACE_CONFIG_PORT", "MILLRACE_SECRET_KEY", "SHOP_PASSWORD",
                             "OTHER", "MILLRACE_CONFIG_VARIABLES"}) {
      unsetenv(name);
    }
  }
  static Result<Json> Resolve(const char* config) {
    return ConnectorConfiguration(kSpec, Json::parse(config), ServerEnvironment());
  }
};

TEST_F(ConfigReferences, AreReplacedWithTheTypeThatIsAskedFor) {
  setenv("MILLRACE_CONFIG_VARIABLES", "NOTHING, SHOP_*", 1);
  const auto resolved = Resolve(
      R"({"host": "h/${NAMESPACE}/$${x}", "port": "${MILLRACE_CONFIG_PORT}",
          "password": "${SHOP_PASSWORD}", "list": ["a-${env:MILLRACE_CONFIG_PORT}"]})");
  ASSERT_TRUE(resolved.ok()) << resolved.status().ToString();
  EXPECT_EQ(*resolved, Json::parse(R"({"host": "h/${NAMESPACE}/${x}", "port": 5433,
      "password": "p-from-environment", "list": ["a-5433"]})"));
}

TEST_F(ConfigReferences, OnlyWhatIsAllowedIsRead) {
  for (const char* allowed : {"", "MILLRACE_*", "*", "MILLRACE_SECRET_KEY,SHOP"}) {
    setenv("MILLRACE_CONFIG_VARIABLES", allowed, 1);
    const auto refused = Resolve(R"({"host": "${MILLRACE_SECRET_KEY}"})");
    ASSERT_FALSE(refused.ok()) << allowed;
    EXPECT_EQ(refused.status().ToString().find("never-to-be-read"), std::string::npos);
    EXPECT_NE(refused.status().ToString().find("MILLRACE_SECRET_KEY"), std::string::npos);
  }
  setenv("MILLRACE_CONFIG_VARIABLES", "SHOP", 1);
  EXPECT_FALSE(Resolve(R"({"host": "${SHOP_PASSWORD}"})").ok());
  EXPECT_FALSE(Resolve(R"({"host": "${env:OTHER}"})").ok());
  EXPECT_FALSE(Resolve(R"({"host": "${MILLRACE_CONFIG_VARIABLES}"})").ok());
}

}  // namespace
}  // namespace millrace
