#include "subprocess/container_engine.h"

#include <gmock/gmock.h>

#include <cstdlib>

namespace millrace {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;
using ::testing::StartsWith;

// No engine is needed here: what is run is held against what it should be, word by word.

TEST(ContainerEngine, RunsAnImageWithItsInputMountedAndRemovesIt) {
  EXPECT_THAT(
      ContainerCommandLine({.engine = {"/usr/bin/docker"},
                            .image = "airbyte/source-x:1.2.3",
                            .name = "millrace-spec-1",
                            .folder = "/tmp/m/files",
                            .variables = {},
                            .arguments = {"spec"}}),
      ElementsAre("/usr/bin/docker", "run", "--rm", "--init", "-i", "--name", "millrace-spec-1",
                  "-v", "/tmp/m/files:/millrace:ro", "airbyte/source-x:1.2.3", "spec"));
}

TEST(ContainerEngine, PassesLimitsVariablesAndOptionsOn) {
  EXPECT_THAT(
      ContainerCommandLine({.engine = {"/usr/bin/podman", "--network=host"},
                            .image = "x",
                            .name = "n",
                            .folder = "/f",
                            .variables = {"A=b c"},
                            .memory_bytes = 512 << 20,
                            .cpu_millicores = 1500,
                            .arguments = {"read", "--config", "/millrace/config.json"}}),
      ElementsAre("/usr/bin/podman", "run", "--rm", "--init", "-i", "--name", "n", "--network=host",
                  "-v", "/f:/millrace:ro", "--memory=536870912", "--cpus=1.500", "-e", "A=b c", "x",
                  "read", "--config", "/millrace/config.json"));
}

TEST(ContainerEngine, EndsAContainerByItsName) {
  EXPECT_THAT(ContainerRemoval("/usr/bin/docker", "millrace-read-1"),
              ElementsAre("/usr/bin/docker", "rm", "--force", "millrace-read-1"));
  EXPECT_THAT(NewContainerName("read"), StartsWith("millrace-read-"));
  EXPECT_NE(NewContainerName("read"), NewContainerName("read"));
}

TEST(ContainerEngine, KnowsWhereItsServiceIsAndNoSecretOfOurs) {
  ::setenv("DOCKER_HOST", "unix:///run/x.sock", 1);
  ::setenv("DATABASE_URL", "postgresql://u:hidden@db", 1);
  ::setenv("HOME", "/home/ann", 1);
  const std::vector<std::string> environment = EngineEnvironment();
  ::unsetenv("DOCKER_HOST");
  ::unsetenv("DATABASE_URL");
  EXPECT_THAT(environment, Contains("DOCKER_HOST=unix:///run/x.sock"));
  EXPECT_THAT(environment, Contains("HOME=/home/ann"));
  EXPECT_THAT(environment, Not(Contains(StartsWith("DATABASE_URL"))));
  EXPECT_THAT(environment, Not(Contains(StartsWith("TMPDIR"))));
}

}  // namespace
}  // namespace millrace
