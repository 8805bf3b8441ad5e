#include "catalogue/connector_naming.h"

#include <gmock/gmock.h>

#include "catalogue/catalogue.h"

namespace millrace {
namespace {

TEST(ConnectorNaming, NamesCannotLeaveTheirFolder) {
  for (const std::string name : {"source-faker", "destination-s3", "source-100ms", "x"}) {
    EXPECT_TRUE(CheckConnectorName(name).ok()) << name;
  }
  for (const std::string name : {"", "..", ".", "../x", "source/x", "/etc", "-x", "Source-x", "a b",
                                 "source-x\n", "source_x", "source-x.", "a\\b"}) {
    EXPECT_FALSE(CheckConnectorName(name).ok()) << name;
  }
  EXPECT_FALSE(CheckConnectorName(std::string("source\0x", 8)).ok());
  EXPECT_FALSE(CheckConnectorName(std::string(101, 'a')).ok());
}

TEST(ConnectorNaming, VersionsCannotEither) {
  for (const std::string version : {"7.2.1", "0.1.0.dev202408051803", "1.0rc1", "2", "1.0+local"}) {
    EXPECT_TRUE(CheckConnectorVersion(version).ok()) << version;
  }
  for (const std::string version : {"", "..", "../1", "1/2", "latest", "1..2", "1 2", "-1", "1;x",
                                    ">=1", "*", "1.0\n", "1.0.*"}) {
    EXPECT_FALSE(CheckConnectorVersion(version).ok()) << version;
  }
}

TEST(ConnectorNaming, ImagesAreNoOptions) {
  for (const std::string image : {"airbyte/source-faker:7.2.1", "host:5000/a/b", "x@sha256:0123",
                                  "airbyte/source-x:1.2-rc.1"}) {
    EXPECT_TRUE(CheckImageName(image).ok()) << image;
  }
  for (const std::string image : {"", "--privileged", "-v", "a b", "a;b", "a\n", "$(x)", "/x"}) {
    EXPECT_FALSE(CheckImageName(image).ok()) << image;
  }
  EXPECT_EQ(ConnectorNameOfImage("airbyte/source-faker:7.2.1"), "source-faker");
  EXPECT_EQ(ConnectorNameOfImage("host:5000/a/source-x@sha256:01"), "source-x");
  EXPECT_EQ(ConnectorNameOfImage("plain"), "plain");
}

TEST(ConnectorNaming, VersionsAreOrderedByTheirNumbers) {
  const char* const ordered[] = {
      "0.1.0.dev1", "0.1.0", "0.9",       "0.10",  "1.0.dev3", "1.0a1", "1.0b2",
      "1.0rc1",     "1.0",   "1.0.post1", "1.0.1", "7.2.1",    "10.0",  "20240101000000000000001"};
  for (size_t i = 0; i < std::size(ordered); ++i) {
    for (size_t j = 0; j < std::size(ordered); ++j) {
      EXPECT_EQ(IsOlderVersion(ordered[i], ordered[j]), i < j) << ordered[i] << " " << ordered[j];
    }
  }
  EXPECT_FALSE(IsOlderVersion("1.0", "1.0.0"));
  EXPECT_FALSE(IsOlderVersion("1.0.0", "1"));
}

TEST(ConnectorNaming, EveryPackageOfTheCatalogueCanBeNamed) {
  for (const CatalogueEntry& entry : Catalogue::Embedded().entries()) {
    if (!entry.docker_repository.empty()) {
      EXPECT_TRUE(CheckImageName(entry.docker_repository + ":" + entry.docker_image_tag + "x").ok())
          << entry.name;
    }
    if (entry.pypi_package.empty()) continue;
    EXPECT_TRUE(CheckConnectorName(entry.name).ok()) << entry.name;
    EXPECT_TRUE(CheckConnectorVersion(entry.pypi_version).ok()) << entry.pypi_version;
    EXPECT_EQ(entry.pypi_package, "airbyte-" + entry.name);
  }
}

}  // namespace
}  // namespace millrace
