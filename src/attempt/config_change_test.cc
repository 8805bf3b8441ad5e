#include "attempt/config_change.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace millrace {
namespace {

TEST(ConfigChange, ComesBackAsItWas) {
  const ConfigChange change{"destination", Json{{"token", "old"}}, Json{{"token", "new"}}};
  const auto back = ConfigChangeFromJson(Json::parse(ToJson(change).dump()));
  ASSERT_TRUE(back.ok()) << back.status().ToString();
  EXPECT_EQ(ToJson(*back), ToJson(change));
  EXPECT_FALSE(ConfigChangeFromJson({{"end", "middle"}, {"config", Json::object()}}).ok());
  EXPECT_FALSE(ConfigChangeFromJson({{"end", "source"}, {"config", "text"}}).ok());
}

/// What is stored, what the connector had, what it wants kept, what is stored afterwards.
struct Case {
  const char *stored, *before, *config, *expected;
};

TEST(ConfigChange, TakesOverWhatTheConnectorChangedAndNothingElse) {
  const Case cases[] = {
      {R"({"token": "a"})", R"({"token": "a"})", R"({"token": "b"})", R"({"token": "b"})"},
      // References to the environment stay, unless it is their value that changed.
      {R"({"key": "${KEY}", "token": "${TOKEN}"})", R"({"key": "k", "token": "a"})",
       R"({"key": "k", "token": "b"})", R"({"key": "${KEY}", "token": "b"})"},
      // What somebody edited meanwhile stays.
      {R"({"host": "new", "token": "a"})", R"({"host": "old", "token": "a"})",
       R"({"host": "old", "token": "b"})", R"({"host": "new", "token": "b"})"},
      {R"({"auth": {"id": "${ID}", "refresh": "a"}})", R"({"auth": {"id": "i", "refresh": "a"}})",
       R"({"auth": {"id": "i", "refresh": "b", "expires": 5}})",
       R"({"auth": {"id": "${ID}", "refresh": "b", "expires": 5}})"},
      // Fields that come and go; what was only given to the program is not stored.
      {R"({"old": 1})", R"({"old": 1, "injected": {}})", R"({"new": 2, "injected": {}})",
       R"({"new": 2})"},
      {R"({"list": [1, 2]})", R"({"list": [1, 2]})", R"({"list": [2]})", R"({"list": [2]})"},
      {R"({"auth": "text"})", R"({"auth": {"a": 1}})", R"({"auth": {"a": 2}})",
       R"({"auth": {"a": 2}})"},
  };
  for (const Case& c : cases) {
    const ConfigChange change{"source", Json::parse(c.before), Json::parse(c.config)};
    const Json once = WithChange(Json::parse(c.stored), change);
    EXPECT_EQ(once, Json::parse(c.expected)) << c.stored;
    EXPECT_EQ(WithChange(once, change), once) << "twice";
  }
}

}  // namespace
}  // namespace millrace
