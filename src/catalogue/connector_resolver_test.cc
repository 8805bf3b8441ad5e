#include "catalogue/connector_resolver.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "catalogue/connector_packages.h"
#include "subprocess/scratch_folder.h"

namespace millrace {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// A folder of connectors in which records are made by hand; nothing of them runs.
class ConnectorResolverTest : public ::testing::Test {
 protected:
  void Install(const std::string& name, const std::string& version) {
    const auto folder = installed_.FolderOf(name, version);
    Touch(folder / "venv" / "bin" / name);
    const Status recorded = installed_.Record(
        {.name = name,
         .package = "airbyte-" + name,
         .version = version,
         .python_version = "3.11.2",
         .executable = folder / "venv" / "bin" / name,
         .installed_at = "2026-11-22T18:00:00Z",
         .spec = JsonValue(Json{{"connectionSpecification", {{"title", name + version}}}})});
    EXPECT_TRUE(recorded.ok()) << recorded.ToString();
  }

  static void Touch(const std::filesystem::path& program) {
    std::filesystem::create_directories(program.parent_path());
    std::ofstream(program) << "#!/bin/sh\n";
    ::chmod(program.c_str(), 0755);
  }

  ConnectorResolver Resolver() const {
    return {Catalogue::Embedded(), installed_,
            [this](const std::string& name) -> std::optional<std::string> {
              const auto found = variables_.find(name);
              return found == variables_.end() ? std::nullopt : std::optional(found->second);
            }};
  }

  std::string ErrorOf(const Result<RunnableConnector>& result) const {
    if (result.ok()) return "it was found: " + Result<RunnableConnector>(result)->name;
    EXPECT_EQ(result.status().error().type, FailureType::kConfigError);
    return result.status().ToString();
  }

  const ScratchFolder scratch_ = *ScratchFolder::Make();
  const InstalledConnectors installed_{scratch_.path() / "connectors"};
  std::map<std::string, std::string> variables_;
};

TEST_F(ConnectorResolverTest, ABuiltInOneComesFirstUnlessAVersionIsGiven) {
  Install("source-faker", "7.2.1");
  auto found = Resolver().ByName(ConnectorType::kSource, "faker", "");
  ASSERT_TRUE(found.ok());
  EXPECT_FALSE(found->program.has_value());
  EXPECT_TRUE(found->spec.has_value());
  found = Resolver().ByName(ConnectorType::kSource, "source-faker", "7.2.1");
  ASSERT_TRUE(found.ok()) << found.status().ToString();
  EXPECT_EQ(found->name, "source-faker");
  EXPECT_THAT(found->program->command,
              ElementsAre(installed_.FolderOf("source-faker", "7.2.1") / "venv/bin/source-faker"));
  EXPECT_EQ((**found->spec)["connectionSpecification"]["title"], Json("source-faker7.2.1"));
  EXPECT_TRUE(found->program->specification.has_value());
}

TEST_F(ConnectorResolverTest, WithoutAVersionTheNewestInstalledOne) {
  for (const char* version : {"2.9.0", "2.10.0", "2.10.0rc1"}) Install("source-github", version);
  const auto found = Resolver().ByName(ConnectorType::kSource, "github", "");
  ASSERT_TRUE(found.ok());
  EXPECT_THAT(Result<RunnableConnector>(found)->program->command[0], HasSubstr("/2.10.0/"));
}

TEST_F(ConnectorResolverTest, WhatIsNotInstalledSaysWhatToType) {
  const auto by_name = [&](const std::string& name, const std::string& version,
                           ConnectorType type = ConnectorType::kSource) {
    return ErrorOf(Resolver().ByName(type, name, version));
  };
  EXPECT_EQ(by_name("github", ""),
            "source-github is not installed: millrace connectors install source-github");
  EXPECT_EQ(by_name("faker", "7.2.1"),
            "source-faker is not installed: millrace connectors install source-faker==7.2.1 "
            "(without a version it is the built-in one)");
  EXPECT_THAT(by_name("100ms", ""), HasSubstr("manifest: FILE.yaml"));
  EXPECT_THAT(by_name("100ms", ""), HasSubstr("image: airbyte/source-100ms:0.0.15"));
  EXPECT_THAT(by_name("pinecone", "", ConnectorType::kDestination),
              HasSubstr("name it as image: airbyte/destination-pinecone:"));
  EXPECT_THAT(by_name("postgres", "1.0", ConnectorType::kDestination), HasSubstr("leave version"));
  EXPECT_THAT(by_name("gihtub", ""), HasSubstr("did you mean"));
  EXPECT_THAT(by_name("wave-pro", ""), HasSubstr("millrace connectors install source-wave-pro"));
  EXPECT_THAT(by_name("faker", "../../x"), HasSubstr("is no version"));
  Install("source-github", "2.7.1");
  EXPECT_EQ(by_name("github", "2.7.0"),
            "source-github 2.7.0 is not installed (installed: 2.7.1): millrace connectors install "
            "source-github==2.7.0");
}

TEST_F(ConnectorResolverTest, NamesCannotLeadOutOfTheFolder) {
  Install("source-x", "1.0");
  for (const char* name : {"../connectors/source-x", "source-x/../source-x", ".."}) {
    EXPECT_FALSE(installed_.Find(name, "1.0").has_value()) << name;
    EXPECT_FALSE(Resolver().ByName(ConnectorType::kSource, name, "1.0").ok()) << name;
  }
}

TEST_F(ConnectorResolverTest, OnesThatTheCatalogueDoesNotKnowCanBeInstalled) {
  Install("source-own", "1.0");
  EXPECT_TRUE(Resolver().ByName(ConnectorType::kSource, "own", "").ok());
  EXPECT_FALSE(Resolver().ByName(ConnectorType::kDestination, "own", "").ok());
}

TEST_F(ConnectorResolverTest, HalfAnInstallationIsNone) {
  Install("source-x", "1.0");
  Install("source-x", "2.0");
  Install("source-x", "3.0");
  std::ofstream(installed_.FolderOf("source-x", "3.0") / "connector.json") << "{\"name\": ";
  std::filesystem::remove_all(installed_.FolderOf("source-x", "2.0") / "venv");
  std::filesystem::create_directories(installed_.FolderOf("source-x", "4.0") / "venv");
  EXPECT_EQ(installed_.Find("source-x", "")->version, "1.0");
  ASSERT_EQ(installed_.List().size(), 1u);
  EXPECT_EQ(installed_.List()[0].python_version, "3.11.2");
  EXPECT_TRUE(installed_.Forget("source-x", "1.0").ok());
  EXPECT_TRUE(installed_.List().empty());
  EXPECT_TRUE(installed_.Forget("source-x", "1.0").ok());
}

TEST_F(ConnectorResolverTest, AnImageNeedsAnEngine) {
  variables_ = {{"PATH", (scratch_.path() / "bin").string()}};
  EXPECT_THAT(ErrorOf(Resolver().ByImage("airbyte/source-x:1")),
              HasSubstr("neither docker nor podman"));
  const std::string podman = scratch_.path() / "bin" / "podman";
  Touch(podman);
  auto found = Resolver().ByImage("airbyte/source-x:1");
  ASSERT_TRUE(found.ok()) << found.status().ToString();
  EXPECT_EQ(found->name, "source-x");
  EXPECT_EQ(found->program->image, "airbyte/source-x:1");
  EXPECT_THAT(found->program->command, ElementsAre(podman));
  EXPECT_FALSE(found->spec.has_value());
  Touch(scratch_.path() / "bin" / "docker");
  EXPECT_THAT(Resolver().ByImage("x")->program->command[0], HasSubstr("/docker"));
  variables_["MILLRACE_CONTAINER_ENGINE"] = "podman";
  variables_["MILLRACE_CONTAINER_NETWORK"] = "host";
  EXPECT_THAT(Resolver().ByImage("x")->program->command, ElementsAre(podman, "--network=host"));
  variables_["MILLRACE_CONTAINER_ENGINE"] = "nerdctl";
  EXPECT_THAT(ErrorOf(Resolver().ByImage("x")), HasSubstr("MILLRACE_CONTAINER_ENGINE"));
  EXPECT_THAT(ErrorOf(Resolver().ByImage("--privileged")), HasSubstr("no container image"));
}

TEST_F(ConnectorResolverTest, AManifestIsRunByItsInterpreter) {
  Json manifest = Json::parse(R"({"version": "6.0.0", "streams": [],
      "spec": {"type": "Spec", "connection_specification": {"required": ["key"]}}})");
  const auto built_in = Resolver().ByManifest(manifest);
  ASSERT_TRUE(built_in.ok()) << built_in.status().ToString();
  EXPECT_FALSE(built_in->program.has_value());
  EXPECT_EQ((**built_in->spec)["connectionSpecification"]["required"][0], Json("key"));
  manifest["streams"] = Json::parse(R"([{"retriever": {"class_name": "components.Retriever"}}])");
  EXPECT_EQ(ErrorOf(Resolver().ByManifest(manifest)),
            "a manifest with class_name is run by source-declarative-manifest, which is not "
            "installed: millrace connectors install source-declarative-manifest");
  Install(std::string(kManifestRunner), "7.39.1");
  auto found = Resolver().ByManifest(manifest);
  ASSERT_TRUE(found.ok()) << found.status().ToString();
  EXPECT_EQ((**found->spec)["connectionSpecification"]["required"][0], Json("key"));
  EXPECT_EQ(**found->spec, **found->program->specification);
  EXPECT_THAT(ErrorOf(Resolver().ByManifest(Json::array())), HasSubstr("no low-code manifest"));
}

TEST(Manifest, IsPassedInsideTheConfiguration) {
  const Json manifest = {{"streams", Json::array()}};
  const Json config = WithManifest({{"key", 1}}, manifest, std::nullopt);
  EXPECT_EQ(config.dump(), R"({"key":1,"__injected_declarative_manifest":{"streams":[]}})");
  const Json with_code = WithManifest({{"key", 1}}, manifest, "abc");
  EXPECT_EQ(with_code["__injected_components_py"], Json("abc"));
  EXPECT_EQ(with_code["__injected_components_py_checksums"]["sha256"],
            Json("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
  EXPECT_TRUE(SpecificationOfManifest(manifest)["connectionSpecification"].is_object());
}

TEST(ConnectorPackages, AreTheCataloguesAndAFewMore) {
  const auto& catalogue = Catalogue::Embedded();
  EXPECT_EQ(PackageOf(catalogue, "source-github")->version, "2.7.1");
  EXPECT_EQ(PackageOf(catalogue, "source-declarative-manifest")->package, "airbyte-cdk");
  const auto file = PackageOf(catalogue, "source-file");
  EXPECT_EQ(file->version, "0.5.39");
  EXPECT_EQ(file->passed_over, "0.6.0");
  EXPECT_FALSE(PackageOf(catalogue, "source-100ms").has_value());
  EXPECT_FALSE(PackageOf(catalogue, "source-nothing").has_value());
}

TEST(InstalledConnectors, LiveInOneFolder) {
  std::map<std::string, std::string> variables = {{"HOME", "/users/ann"}};
  const Environment environment = [&](const std::string& name) -> std::optional<std::string> {
    return variables.contains(name) ? std::optional(variables[name]) : std::nullopt;
  };
  EXPECT_EQ(InstalledConnectors::Of(environment, {}).folder(), "/users/ann/.millrace/connectors");
  EXPECT_EQ(InstalledConnectors::Of(environment, "/srv/m").folder(), "/srv/m/connectors");
  variables["MILLRACE_CONNECTORS_DIR"] = "/opt/connectors";
  EXPECT_EQ(InstalledConnectors::Of(environment, "/srv/m").folder(), "/opt/connectors");
}

}  // namespace
}  // namespace millrace
