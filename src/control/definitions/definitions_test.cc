#include "control/definitions/definitions.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "base/file_io.h"
#include "base/secrets.h"
#include "control/definitions/testing/built_in_definitions.h"
#include "subprocess/scratch_folder.h"

namespace millrace {
namespace {

using ::testing::HasSubstr;

const Json kSpec{{"connectionSpecification",
                  {{"type", "object"},
                   {"properties",
                    {{"count", {{"type", "integer"}}},
                     {"token", {{"type", "string"}, {"airbyte_secret", true}}}}}}}};

/// A machine with one installed package, source-faker 7.2.1, and no engine for containers.
class DefinitionsTest : public ::testing::Test {
 protected:
  Definitions Make(bool allow_custom_commands) {
    InstalledConnectors installed(scratch_.path());
    InstalledConnector faker;
    faker.name = "source-faker";
    faker.package = "airbyte-source-faker";
    faker.version = "7.2.1";
    faker.executable = installed.FolderOf("source-faker", "7.2.1") / "venv/bin/source-faker";
    faker.spec = kSpec;
    EXPECT_TRUE(WriteFileAtomically(faker.executable, "#!/bin/sh\n", 0755).ok());
    EXPECT_TRUE(installed.Record(faker).ok());
    return {Catalogue::Embedded(),
            ConnectorResolver(Catalogue::Embedded(), installed,
                              [](const std::string&) { return std::nullopt; }),
            {"/data", allow_custom_commands}};
  }
  static CustomDefinition Custom(const Json& document) {
    CustomDefinition custom;
    custom.id = "c";
    custom.document = document;
    custom.spec = kSpec;
    return custom;
  }

  const ScratchFolder scratch_ = *ScratchFolder::Make();
  const Json command_{{"name", "Mine"}, {"command", {"python3", "/opt/mine.py"}}};
};

TEST_F(DefinitionsTest, ACommandNeedsAServerThatRunsCommands) {
  const Definition refused = Make(false).OfCustom(Custom(command_));
  ASSERT_TRUE(refused.startable.failed());
  EXPECT_EQ(refused.startable.error().type, FailureType::kConfigError);
  EXPECT_THAT(refused.startable.ToString(), HasSubstr("--allow-custom-commands"));
  EXPECT_TRUE(refused.spec) << "its secrets are masked nevertheless";
  const Definition allowed = Make(true).OfCustom(Custom(command_));
  ASSERT_TRUE(allowed.startable.ok()) << allowed.startable.ToString();
  ASSERT_TRUE(allowed.program);
  EXPECT_EQ(allowed.program->command, (std::vector<std::string>{"python3", "/opt/mine.py"}));
  EXPECT_EQ(allowed.program->folder, "/data");
  EXPECT_NE(allowed.version, refused.version);
}

TEST_F(DefinitionsTest, AnImageOfAirbytesIsTheInstalledPackageOfThatVersion) {
  Json image{
      {"name", "Faker"}, {"dockerRepository", "airbyte/source-faker"}, {"dockerImageTag", "7.2.1"}};
  const Definition installed = Make(false).OfCustom(Custom(image));
  ASSERT_TRUE(installed.startable.ok()) << installed.startable.ToString();
  EXPECT_THAT(installed.program->command.front(), HasSubstr("venv/bin/source-faker"));
  image["dockerImageTag"] = "7.2.2";
  EXPECT_THAT(Make(false).OfCustom(Custom(image)).startable.ToString(),
              HasSubstr("--allow-custom-commands"));
  EXPECT_TRUE(Make(true).OfCustom(Custom(image)).startable.failed()) << "there is no engine";
  image["dockerRepository"] = "somebody/source-faker";
  image["dockerImageTag"] = "7.2.1";
  EXPECT_TRUE(Make(false).OfCustom(Custom(image)).startable.failed()) << "another one's image";
}

TEST_F(DefinitionsTest, SilenceIsTheMakersWord) {
  Json document = command_;
  EXPECT_FALSE(Make(true).OfCustom(Custom(document)).silence);
  document["maxSecondsBetweenMessages"] = 90;
  EXPECT_EQ(Make(true).OfCustom(Custom(document)).silence, std::chrono::seconds(90));
  EXPECT_EQ(Make(true).OfCustom(Custom(document)).program->stall_seconds, 90 * 60);
  document["maxSecondsBetweenMessages"] = 20'000;
  EXPECT_EQ(Make(true).OfCustom(Custom(document)).program->stall_seconds, 20'060);
}

TEST_F(DefinitionsTest, ReferencesAreResolvedAndNothingOfAProgramsConfigurationIsRefused) {
  const Environment environment = [](const std::string& name) -> std::optional<std::string> {
    return name == "COUNT" ? std::optional<std::string>("5") : std::nullopt;
  };
  const Definition mine = Make(true).OfCustom(Custom(command_));
  const auto connector =
      StartableConnector(mine, Json{{"count", "${COUNT}"}, {"made_by_it", {1, 2}}}, environment);
  ASSERT_TRUE(connector.ok()) << connector.status().ToString();
  EXPECT_EQ((*connector->config)["count"], Json(5))
      << "of the type that the specification asks for";
  EXPECT_EQ((*connector->config)["made_by_it"], Json({1, 2}));
  EXPECT_TRUE(connector->program);
  EXPECT_TRUE(StartableConnector(mine, Json{{"count", "${OTHER}"}}, environment).status().failed());
}

TEST_F(DefinitionsTest, WithoutASpecificationEveryTextIsMasked) {
  const Json configuration{{"count", 5}, {"token", "t"}, {"more", {{"list", {"a", 1}}}}};
  const Json masked{{"count", 5}, {"token", kSecretMask}, {"more", {{"list", {kSecretMask, 1}}}}};
  EXPECT_EQ(ShownConfiguration(std::nullopt, configuration), masked);
  CustomDefinition unknown = Custom(command_);
  unknown.spec.reset();
  EXPECT_EQ(ShownConfiguration(Make(true).OfCustom(unknown), configuration), masked);
  const Json shown = ShownConfiguration(Make(false).OfCustom(Custom(command_)), configuration);
  EXPECT_EQ(shown["token"], Json(kSecretMask));
  EXPECT_EQ(shown["more"], configuration["more"]);
}

}  // namespace
}  // namespace millrace
