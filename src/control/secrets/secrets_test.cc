#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/uuid.h"
#include "control/secrets/config_mask.h"
#include "control/secrets/secret_box.h"

namespace millrace {
namespace {

class SecretBoxTest : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override {
    std::filesystem::remove_all(folder_);
    unsetenv("MILLRACE_SECRET_KEY");
    unsetenv("MILLRACE_SECRET_KEY_FILE");
  }
  SecretBox Box(const std::string& name = "secret.key") {
    auto box = SecretBox::Load(folder_ / name);
    EXPECT_TRUE(box.ok()) << box.status().ToString();
    return *box;
  }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("millrace-secrets-" + RandomUuid());
};

TEST_F(SecretBoxTest, TheKeyThatIsMadeIsFoundAgainAndNobodyElses) {
  const std::string text = R"({"password":"päss"})";
  const std::string sealed = Box().Seal(text);
  EXPECT_EQ(sealed.find("ss"), std::string::npos);
  EXPECT_NE(sealed, Box().Seal(text)) << "each time another nonce";
  EXPECT_EQ(*Box().Open(sealed), text);
  EXPECT_EQ(*Box().Open(Box().Seal("")), "");
  struct stat info {};
  ASSERT_EQ(::stat((folder_ / "secret.key").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
}

TEST_F(SecretBoxTest, AnotherKeyOrAChangedTextDoesNotOpen) {
  std::string sealed = Box().Seal("text");
  EXPECT_FALSE(Box("other.key").Open(sealed).ok());
  sealed[sealed.size() / 2] = sealed[sealed.size() / 2] == 'A' ? 'B' : 'A';
  EXPECT_FALSE(Box().Open(sealed).ok());
  EXPECT_FALSE(Box().Open("").ok());
  EXPECT_FALSE(Box().Open("no base64!").ok());
}

TEST_F(SecretBoxTest, ATextNamesItsKeyAndTwoKeysStandSideBySide) {
  const std::string old_text = Box().Seal("old");
  const auto next = SecretBox::LoadNext(folder_ / "secret.key");
  ASSERT_TRUE(next.ok());
  const std::string new_text = next->Seal("new");
  EXPECT_TRUE(SecretBox::IsSealed(old_text));
  EXPECT_FALSE(next->IsCurrent(old_text));
  EXPECT_TRUE(next->IsCurrent(new_text));
  EXPECT_FALSE(next->Open(old_text).ok());
  // An interrupted change of the key leaves both files.
  const SecretBox both = Box();
  EXPECT_EQ(*both.Open(old_text), "old");
  EXPECT_EQ(*both.Open(new_text), "new");
  EXPECT_TRUE(both.IsCurrent(both.Seal("x")));
  EXPECT_FALSE(next->IsCurrent(both.Seal("x")));
  // The first version's texts had no name.
  const std::string unnamed = old_text.substr(old_text.rfind(':') + 1);
  EXPECT_EQ(*both.Open(unnamed), "old");
  EXPECT_FALSE(both.Open("sealed:").ok());
  EXPECT_FALSE(both.Open("sealed:12345678:" + unnamed).ok());
}

TEST_F(SecretBoxTest, TheEnvironmentComesFirst) {
  const std::string key(64, 'a');
  std::ofstream(folder_ / "given.key") << key << "\n";
  setenv("MILLRACE_SECRET_KEY_FILE", (folder_ / "given.key").c_str(), 1);
  const std::string sealed = Box().Seal("text");
  unsetenv("MILLRACE_SECRET_KEY_FILE");
  setenv("MILLRACE_SECRET_KEY", key.c_str(), 1);
  EXPECT_EQ(*Box().Open(sealed), "text");
  setenv("MILLRACE_SECRET_KEY", "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo=", 1);
  EXPECT_EQ(*Box().Open(sealed), "text") << "the same key in base64";
  setenv("MILLRACE_SECRET_KEY", "short", 1);
  const auto wrong = SecretBox::Load(folder_ / "secret.key");
  ASSERT_FALSE(wrong.ok());
  EXPECT_NE(wrong.status().ToString().find("MILLRACE_SECRET_KEY"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "secret.key"));
}

const Json kSpecification = Json::parse(R"({
  "properties": {
    "host": {"type": "string"},
    "password": {"type": "string", "airbyte_secret": true},
    "port": {"type": "integer", "airbyte_secret": true},
    "tunnel": {"oneOf": [
      {"properties": {"method": {"const": "NONE"}}},
      {"properties": {"method": {"const": "KEY"}, "key": {"type": "string", "airbyte_secret": true}}}]},
    "accounts": {"type": "array", "items": {"properties": {
      "token": {"type": "string", "airbyte_secret": true}}}}
  }})");

TEST(ConfigMask, HidesTextsOfSecretFieldsOnly) {
  const Json config = Json::parse(R"({"host": "h", "password": "p", "port": 5, "unknown": "u",
    "tunnel": {"method": "KEY", "key": "k"}, "accounts": [{"token": "a"}, {"token": "b"}]})");
  const Json masked = MaskSecrets(kSpecification, config);
  EXPECT_EQ(masked, Json::parse(R"({"host": "h", "password": "**********", "port": 5,
    "unknown": "u", "tunnel": {"method": "KEY", "key": "**********"},
    "accounts": [{"token": "**********"}, {"token": "**********"}]})"));
  EXPECT_EQ(RestoreSecrets(kSpecification, config, masked), config);
}

TEST(ConfigMask, FindsAMaskThatIsNoSecret) {
  EXPECT_EQ(PathOfMask(kSpecification, Json::parse(R"({"host": "**********", "password": "p"})")),
            "");
  EXPECT_EQ(PathOfMask(kSpecification, Json::parse(R"({"tunnel": {"method": "KEY",
      "key": "**********"}})")),
            "tunnel.key");
}

TEST(ConfigMask, KnowsEverySecretText) {
  const Json config = Json::parse(R"({"host": "h", "password": "p", "port": 5,
    "tunnel": {"method": "KEY", "key": "k"}, "accounts": [{"token": "a"}, {"token": "b"}]})");
  EXPECT_EQ(SecretTexts(kSpecification, config), (std::vector<std::string>{"p", "k", "a", "b"}));
}

TEST(ConfigMask, WhatIsSentAnewIsKept) {
  const Json stored = Json::parse(R"({"host": "h", "password": "old"})");
  const Json incoming = Json::parse(
      R"({"host": "**********", "password": "new", "tunnel": {"method": "KEY", "key": "**********"}})");
  EXPECT_EQ(RestoreSecrets(kSpecification, stored, incoming), incoming);
}

}  // namespace
}  // namespace millrace
