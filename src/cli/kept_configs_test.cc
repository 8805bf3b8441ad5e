#include "cli/kept_configs.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "base/file_io.h"
#include "subprocess/scratch_folder.h"

namespace millrace {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class KeptConfigsTest : public ::testing::Test {
 protected:
  /// A start document with a source that has this configuration in the connection file.
  static StartDocument Start(const Json& config) {
    StartDocument start;
    start.source = ConnectorConfig{"script.py", config, ConnectorProgram{{"script.py"}, "/", {}}};
    start.source->program->from_environment = {"/token"};
    return start;
  }
  std::filesystem::path folder() const { return scratch_.path() / "connection"; }
  std::filesystem::path path() const { return folder() / "source.config.json"; }

  /// What a later run uses of the file's value.
  StartDocument Used(const Json& of_file) const {
    auto later = KeptConfigs::Load(folder());
    EXPECT_TRUE(later.ok()) << later.status().ToString();
    StartDocument start = Start(of_file);
    later->Use(&start);
    return start;
  }

  const ScratchFolder scratch_ = *ScratchFolder::Make();
  const Json of_file_{{"host", "here"}, {"token", "first"}};
  const Json rotated_{{"host", "here"}, {"token", "second"}};
};

TEST_F(KeptConfigsTest, AreUsedUntilTheFilesValueChanges) {
  auto configs = KeptConfigs::Load(folder());
  ASSERT_TRUE(configs.ok()) << configs.status().ToString();
  StartDocument start = Start(of_file_);
  configs->Use(&start);
  EXPECT_EQ(*start.source->config, of_file_);
  EXPECT_FALSE(start.source->program->config_fits);
  ASSERT_TRUE(configs->Keep({"source", of_file_, rotated_}).ok());

  // The next attempt of the same run, and the next run.
  StartDocument again = Start(of_file_);
  configs->Use(&again);
  for (const StartDocument& next : {again, Used(of_file_)}) {
    EXPECT_EQ(*next.source->config, rotated_);
    EXPECT_TRUE(next.source->program->config_fits);
    EXPECT_TRUE(next.source->program->from_environment.empty());
  }
  const Json edited{{"host", "here"}, {"token", "by hand"}};
  EXPECT_EQ(*Used(edited).source->config, edited);
  EXPECT_EQ(*Used(of_file_).source->config, rotated_) << "nobody kept anything since";
}

TEST_F(KeptConfigsTest, ARotationOfARotationIsStillOfTheFilesValue) {
  auto configs = KeptConfigs::Load(folder());
  ASSERT_TRUE(configs.ok());
  StartDocument start = Start(of_file_);
  configs->Use(&start);
  ASSERT_TRUE(configs->Keep({"source", of_file_, rotated_}).ok());
  auto second = KeptConfigs::Load(folder());
  ASSERT_TRUE(second.ok());
  start = Start(of_file_);
  second->Use(&start);
  ASSERT_TRUE(second->Keep({"source", rotated_, Json{{"token", "third"}}}).ok());
  EXPECT_EQ((*Used(of_file_).source->config)["token"], Json("third"));
}

TEST_F(KeptConfigsTest, AManifestIsNotOfTheFilesValue) {
  const auto with = [](Json config, const char* manifest) {
    config["__injected_declarative_manifest"] = manifest;
    return config;
  };
  auto configs = KeptConfigs::Load(folder());
  ASSERT_TRUE(configs.ok());
  StartDocument start = Start(with(of_file_, "one"));
  configs->Use(&start);
  ASSERT_TRUE(configs->Keep({"source", with(of_file_, "one"), with(rotated_, "one")}).ok());
  EXPECT_EQ(*Used(with(of_file_, "two")).source->config, with(rotated_, "two"));
}

TEST_F(KeptConfigsTest, KeepsAHashOfTheFilesValueAndLetsNobodyRead) {
  auto configs = KeptConfigs::Load(folder());
  ASSERT_TRUE(configs.ok());
  StartDocument start = Start(of_file_);
  configs->Use(&start);
  ASSERT_TRUE(configs->Keep({"source", of_file_, rotated_}).ok());
  EXPECT_EQ(std::filesystem::status(path()).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  const auto text = ReadFile(path());
  ASSERT_TRUE(text.ok());
  EXPECT_THAT(*text, HasSubstr("second"));
  EXPECT_THAT(*text, Not(HasSubstr("first")));
}

TEST_F(KeptConfigsTest, ADamagedOneIsSaidToBe) {
  ASSERT_TRUE(WriteFileAtomically(path(), "{\"config\":").ok());
  const auto configs = KeptConfigs::Load(folder());
  ASSERT_TRUE(configs.status().failed());
  EXPECT_EQ(configs.status().error().type, FailureType::kConfigError);
  EXPECT_THAT(configs.status().ToString(), HasSubstr("source.config.json is damaged"));
}

}  // namespace
}  // namespace millrace
