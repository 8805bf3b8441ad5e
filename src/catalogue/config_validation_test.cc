#include "catalogue/config_validation.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "base/secrets.h"

namespace millrace {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const Json kSpec = Json::parse(R"({
  "type": "object", "required": ["host", "port"], "additionalProperties": true,
  "properties": {
    "host": {"type": "string"},
    "port": {"type": "integer", "minimum": 1, "maximum": 65535, "default": 5432},
    "password": {"type": "string", "airbyte_secret": true},
    "level": {"type": "string", "enum": ["low", "high"]},
    "date": {"type": "string", "pattern": "^[0-9]{4}$", "pattern_descriptor": "YYYY"},
    "check": {"type": "boolean"},
    "schemas": {"type": "array", "items": {"type": "string"}, "minItems": 0},
    "ssl_mode": {"type": "object", "oneOf": [
      {"required": ["mode"], "properties": {"mode": {"type": "string", "const": "prefer"}}},
      {"required": ["mode", "ca_certificate"], "properties": {
        "mode": {"type": "string", "const": "verify-ca"},
        "ca_certificate": {"type": "string", "airbyte_secret": true}}}]}
  }})");

Json Config(const char* text) {
  Json config = Json::parse(R"({"host": "h", "port": 1})");
  config.update(Json::parse(text));
  return config;
}

std::string ErrorOf(Json config, const std::set<std::string>& from_environment = {}) {
  const auto checked = CheckConfig(kSpec, "source.config", from_environment, &config);
  return checked.ok() ? "" : checked.status().ToString();
}

TEST(ConfigValidation, AcceptsWhatFits) {
  Json config = Config(R"({"schemas": ["a"], "ssl_mode": {"mode": "prefer"}})");
  const auto checked = CheckConfig(kSpec, "source.config", {}, &config);
  ASSERT_TRUE(checked.ok()) << checked.status().ToString();
  EXPECT_THAT(checked->warnings, IsEmpty());
}

TEST(ConfigValidation, NamesFieldFaultAndWhatIsAllowed) {
  EXPECT_EQ(ErrorOf(Json::parse(R"({"port": 1})")),
            "source.config.host is missing: it must be text");
  EXPECT_EQ(ErrorOf(Config(R"({"port": "x"})")),
            "source.config.port is \"x\"; it must be a whole number from 1 to 65535");
  EXPECT_THAT(ErrorOf(Config(R"({"port": 70000})")),
              AllOf(HasSubstr("source.config.port is 70000"), HasSubstr("from 1 to 65535")));
  EXPECT_EQ(ErrorOf(Config(R"({"host": 5})")),
            "source.config.host is 5; it must be text: put it in quotes");
  EXPECT_EQ(ErrorOf(Config(R"({"level": "hihg"})")),
            "source.config.level is \"hihg\"; allowed: low, high; did you mean high?");
  EXPECT_EQ(ErrorOf(Config(R"({"date": "x"})")),
            "source.config.date is \"x\"; it must have the form YYYY");
  EXPECT_EQ(ErrorOf(Config(R"({"schemas": ["a", 1]})")),
            "source.config.schemas[1] is 1; it must be text: put it in quotes");
  EXPECT_EQ(ErrorOf(Config(R"({"host": null})")), "source.config.host is empty; it must be text");
  EXPECT_THAT(ErrorOf(Json(5)), HasSubstr("must be a group of fields"));
}

TEST(ConfigValidation, ReadsOneOfByItsDiscriminator) {
  EXPECT_EQ(ErrorOf(Config(R"({"ssl_mode": {"mode": "prefr"}})")),
            "source.config.ssl_mode.mode is \"prefr\"; allowed: prefer, verify-ca");
  EXPECT_EQ(ErrorOf(Config(R"({"ssl_mode": {}})")),
            "source.config.ssl_mode has no mode; allowed: prefer, verify-ca");
  EXPECT_EQ(ErrorOf(Config(R"({"ssl_mode": {"mode": "verify-ca"}})")),
            "source.config.ssl_mode.ca_certificate is missing: it must be text");
  EXPECT_THAT(ErrorOf(Config(R"({"ssl_mode": "prefer"})")),
              HasSubstr("source.config.ssl_mode is \"prefer\"; it must be a group of fields"));
}

TEST(ConfigValidation, WarnsAboutUnknownKeys) {
  Json config = Config(R"({"hots": "x", "ssl_mode": {"mode": "prefer", "ca": 1}})");
  const auto checked = CheckConfig(kSpec, "source.config", {}, &config);
  ASSERT_TRUE(checked.ok());
  EXPECT_THAT(
      checked->warnings,
      ElementsAre("source.config.hots is not known to this connector and is ignored; did you mean "
                  "host?",
                  "source.config.ssl_mode.ca is not known to this connector and is ignored"));
}

TEST(ConfigValidation, GivesEnvironmentTextTheTypeOfTheSpecification) {
  Json config = Config(R"({"port": "5433", "check": "true", "password": "123456"})");
  const auto checked =
      CheckConfig(kSpec, "source.config", {"/port", "/check", "/password"}, &config);
  ASSERT_TRUE(checked.ok()) << checked.status().ToString();
  EXPECT_EQ(config["port"], Json(5433));
  EXPECT_EQ(config["check"], Json(true));
  EXPECT_EQ(config["password"], Json("123456"));
  EXPECT_THAT(ErrorOf(Config(R"({"port": "5433"})")), HasSubstr("whole number"));
  EXPECT_THAT(ErrorOf(Config(R"({"port": "54 33"})"), {"/port"}), HasSubstr("whole number"));
}

TEST(ConfigValidation, RegistersAndHidesSecrets) {
  Json config = Config(R"({"password": "hunter22",
                           "ssl_mode": {"mode": "verify-ca", "ca_certificate": "PEM-4711"}})");
  ASSERT_TRUE(CheckConfig(kSpec, "source.config", {}, &config).ok());
  EXPECT_EQ(Secrets::Redact("hunter22 PEM-4711"), "********** **********");
  EXPECT_EQ(ErrorOf(Config(R"({"password": 998877})")),
            "source.config.password has a wrong value; it must be text: put it in quotes");
}

}  // namespace
}  // namespace millrace
