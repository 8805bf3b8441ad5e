#include "control/worker/probe_runner.h"

#include <gmock/gmock.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "subprocess/scratch_folder.h"

namespace millrace {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

constexpr auto kLongEnough = std::chrono::seconds(120);

/// Real probes of a file in a folder that they may read.
class ProbeRunnerTest : public ::testing::Test {
 protected:
  ProbeOutcome Run(const std::string& task, const EndResources& said,
                   const std::stop_token& stop = {}) {
    StartDocument start;
    start.task = task;
    start.source = ConnectorConfig{"source-file", Json{{"dataset_name", "rows"},
                                                       {"format", "jsonl"},
                                                       {"url", "/local/rows.jsonl"},
                                                       {"provider", {{"storage", "local"}}}}};
    ConnectorRules rules;
    rules.files_dir = folder_.path();
    return ProbeRunner({rules, {}, program_}, limits_)
        .Run(start, said, kLongEnough, keep_config_, stop);
  }
  /// Three rows of one long value each.
  void WriteRows(int megabytes) {
    const std::string value(static_cast<size_t>(megabytes) << 20, 'x');
    std::ofstream file(folder_.path() / "rows.jsonl");
    for (int row = 0; row < 3; ++row) file << "{\"v\": \"" << value << "\"}\n";
  }
  /// No connector of ours takes much for long: this program's helper holds 400 MB until it is
  /// killed.
  void HoldMuchMemory() {
    program_ = folder_.path() / "hungry";
    std::ofstream(program_) << "#!/bin/sh\nhead -c 400000000 /dev/zero | tail -n 1 | sleep 100\n";
    std::filesystem::permissions(program_, std::filesystem::perms::owner_all);
  }
  KeepConfig keep_config_;
  static EndResources Limited(const char* memory, const char* job_type = "discover_schema") {
    return {
        Json(),
        Json{{"jobSpecific",
              {{{"jobType", job_type}, {"resourceRequirements", {{"memory_limit", memory}}}}}}}};
  }

  ScratchFolder folder_ = *ScratchFolder::Make();
  std::filesystem::path program_ = MILLRACE_ATTEMPT;
  LimitKeeper limits_;
};

TEST_F(ProbeRunnerTest, GivesWhatTheConnectorSays) {
  WriteRows(1);
  const ProbeOutcome found = Run("discover", {});
  ASSERT_TRUE(found.status.ok()) << found.status.ToString();
  EXPECT_EQ((*found.result)["streams"][0]["name"], Json("rows"));
  EXPECT_TRUE(Run("check", {}).status.ok());
  std::filesystem::remove(folder_.path() / "rows.jsonl");
  const ProbeOutcome missing = Run("check", {});
  EXPECT_THAT(missing.status.ToString(), HasSubstr("rows.jsonl"));
  EXPECT_FALSE(missing.out_of_memory);
}

TEST_F(ProbeRunnerTest, ADiscoveryBeyondItsMemoryIsKilledAndSaysWhatToRaise) {
  HoldMuchMemory();
  const ProbeOutcome killed = Run("discover", Limited("40Mi"));
  EXPECT_TRUE(killed.out_of_memory);
  EXPECT_THAT(killed.status.ToString(),
              ContainsRegex("the discovery: killed because it used more than its limit of 40 MiB "
                            "\\([0-9]+ MiB used\\); raise it with memory_limit for jobType "
                            "discover_schema in the source's resourceAllocation .* or "
                            "DISCOVER_JOB_MAIN_CONTAINER_MEMORY_LIMIT"));
  program_ = MILLRACE_ATTEMPT;
  WriteRows(60);  // whoever looks at a row holds it
  const ProbeOutcome found = Run("discover", Limited("4Gi"));
  EXPECT_TRUE(found.status.ok()) << found.status.ToString();
  EXPECT_FALSE(found.out_of_memory);
}

TEST_F(ProbeRunnerTest, ACheckIsHeldToItsMemoryWithAllThatItStarts) {
  HoldMuchMemory();
  const ProbeOutcome killed = Run("check", Limited("100Mi", "check_connection"));
  EXPECT_TRUE(killed.out_of_memory);
  EXPECT_THAT(killed.status.ToString(),
              ContainsRegex("the check: killed because .* limit of 100 MiB .* jobType "
                            "check_connection .* or CHECK_JOB_MAIN_CONTAINER_MEMORY_LIMIT"));
}

TEST_F(ProbeRunnerTest, LimitsThatAreNoneAndStopsAreHeard) {
  WriteRows(1);
  EXPECT_THAT(Run("discover", Limited("many")).status.ToString(), HasSubstr("memory_limit"));
  std::stop_source stop;
  stop.request_stop();
  EXPECT_TRUE(Run("discover", {}, stop.get_token()).status.canceled());
}

}  // namespace
}  // namespace millrace
