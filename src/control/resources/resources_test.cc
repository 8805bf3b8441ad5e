#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "control/resources/attempt_limits.h"
#include "control/resources/resource_quantity.h"

namespace millrace {
namespace {

using testing::HasSubstr;

constexpr int64_t kMi = 1 << 20;

TEST(ResourceQuantity, ReadsKubernetesAmounts) {
  const std::pair<const char*, int64_t> memory[] = {{"512Mi", 512 * kMi},
                                                    {"2G", 2'000'000'000},
                                                    {"1.5Gi", 1536 * kMi},
                                                    {"1073741824", 1 << 30},
                                                    {"64k", 64'000},
                                                    {"1e9", 1'000'000'000},
                                                    {"0.1k", 100},
                                                    {"1.0001k", 1001},
                                                    {" 512 Mi ", 512 * kMi},
                                                    {"1E", 1'000'000'000'000'000'000},
                                                    {"0", 0}};
  for (const auto& [text, bytes] : memory) {
    const auto read = MemoryBytesOf(text);
    ASSERT_TRUE(read.ok()) << read.status().ToString();
    EXPECT_EQ(*read, bytes) << text;
  }
  const std::pair<const char*, int64_t> processors[] = {{"0.5", 500}, {"500m", 500}, {"1.0", 1000},
                                                        {"2", 2000},  {"0.0001", 1}, {".25", 250}};
  for (const auto& [text, millicores] : processors) {
    const auto read = CpuMillicoresOf(text);
    ASSERT_TRUE(read.ok()) << read.status().ToString();
    EXPECT_EQ(*read, millicores) << text;
  }
}

TEST(ResourceQuantity, RefusesWhatIsNone) {
  for (const char* text : {"", " ", "Mi", "-1Gi", "+1Gi", "inf", "nan", "1e400", "9999E", "1 2Mi",
                           "0x10", "five", "1Mi2", "12Q"}) {
    const auto read = MemoryBytesOf(text);
    ASSERT_FALSE(read.ok()) << text;
    EXPECT_EQ(read.status().error().type, FailureType::kConfigError);
  }
  for (const char* text : {"1.1E", "8Ei", "1e99", "9223372036854775807"}) {
    EXPECT_THAT(MemoryBytesOf(text).status().ToString(), HasSubstr("more than there can be"));
  }
  for (const char* text : {"1000001", "1e99", "9223372036854775807", "9223372036854775807m"}) {
    EXPECT_THAT(CpuMillicoresOf(text).status().ToString(), HasSubstr("more than there can be"));
  }
  for (const char* text : {"", "-1", "1Gi", "half", "1,5", "500 millis"}) {
    EXPECT_FALSE(CpuMillicoresOf(text).ok()) << text;
  }
}

TEST(ResourceQuantity, DoesNotRepeatWhatNobodyMeant) {
  const std::string long_text(1 << 20, '1');
  EXPECT_THAT(MemoryBytesOf(long_text).status().ToString(),
              testing::EndsWith("a text of 1048576 bytes is no amount"));
  EXPECT_LT(CpuMillicoresOf(long_text + "m").status().ToString().size(), 200u);
}

TEST(ResourceQuantity, SaysWhatWasMeant) {
  EXPECT_THAT(MemoryBytesOf("512m").status().ToString(), HasSubstr("write \"512Mi\""));
  EXPECT_THAT(MemoryBytesOf("2 GB").status().ToString(), HasSubstr("write \"2G\""));
  EXPECT_THAT(MemoryBytesOf("lots").status().ToString(), HasSubstr("like \"512Mi\""));
  EXPECT_THAT(CpuMillicoresOf("1Gi").status().ToString(), HasSubstr("like \"0.5\""));
}

std::string Problem(const Json& requirements) {
  const auto read = RequirementsFromJson(requirements, "limits");
  return read.ok() ? "" : read.status().ToString();
}

TEST(ResourceRequirements, NamesTheFieldThatIsWrong) {
  EXPECT_EQ(Problem({{"memory_limit", "1Gi"}, {"cpu_limit", nullptr}, {"cpu_request", ""}}), "");
  EXPECT_EQ(Problem({{"ephemeral_storage_request", "5Gi"}}), "");
  EXPECT_THAT(Problem({{"memory_limit", "1 GB"}}), HasSubstr("limits.memory_limit"));
  EXPECT_THAT(Problem({{"memory_limit", 1024}}), HasSubstr("limits.memory_limit must be a text"));
  EXPECT_THAT(Problem({{"memory_limit", "512"}}), HasSubstr("unit been forgotten"));
  EXPECT_THAT(Problem({{"memory_limits", "1Gi"}}), HasSubstr("memory_limits is no resource"));
  EXPECT_THAT(Problem({{"ephemeral_storage_limit", "1Gi"}}), HasSubstr("can't be enforced"));
  EXPECT_THAT(Problem({{"memory_limit", "1Gi"}, {"memory_request", "2Gi"}}),
              HasSubstr("memory_request is more than memory_limit"));
  EXPECT_THAT(Problem({{"cpu_limit", "500m"}, {"cpu_request", "1"}}),
              HasSubstr("cpu_request is more"));
  EXPECT_THAT(Problem(Json::array()), HasSubstr("must be an object"));
}

TEST(ResourceRequirements, TheJobsTypeComesBeforeTheDefault) {
  const Json scoped{
      {"default", {{"memory_limit", "1Gi"}, {"cpu_limit", "1"}}},
      {"jobSpecific",
       {{{"jobType", "sync"}, {"resourceRequirements", {{"memory_limit", "2Gi"}}}},
        {{"jobType", "check_connection"}, {"resourceRequirements", {{"cpu_limit", "4"}}}}}}};
  const auto sync = ScopedRequirementsFromJson(scoped, "r", "sync");
  ASSERT_TRUE(sync.ok()) << sync.status().ToString();
  EXPECT_EQ(sync->memory_limit, 2048 * kMi);
  EXPECT_EQ(sync->cpu_limit, 1000);
  Json wrong = scoped;
  wrong["jobSpecific"][1]["resourceRequirements"]["cpu_limit"] = "many";
  EXPECT_THAT(CheckScopedRequirements(wrong, "r").ToString(),
              HasSubstr("r.jobSpecific[1].resourceRequirements.cpu_limit"));
  wrong = scoped;
  wrong["jobSpecific"][0]["jobType"] = "nap";
  EXPECT_THAT(CheckScopedRequirements(wrong, "r").ToString(), HasSubstr("jobType is \"nap\""));
  EXPECT_THAT(CheckScopedRequirements({{"memory_limit", "1Gi"}}, "r").ToString(),
              HasSubstr("there are default and jobSpecific"));
}

class AttemptLimitsTest : public testing::Test {
 protected:
  static JsonValue Scoped(const char* memory) {
    return Json{{"default", {{"memory_limit", memory}}}};
  }
  int64_t MemoryInMi() const {
    const auto limits = LimitsOfAttempt(connection_, source_, destination_, "sync", defaults_);
    EXPECT_TRUE(limits.ok()) << limits.status().ToString();
    EXPECT_EQ(limits->memory_bytes % kMi, 0);
    return limits->memory_bytes / kMi;
  }

  Json connection_;
  EndResources source_{Json(), Json()}, destination_{Json(), Json()};
  DefaultResources defaults_;
};

TEST_F(AttemptLimitsTest, WhoIsNearestToTheConnectionCounts) {
  EXPECT_EQ(MemoryInMi(), 0) << "nobody says anything";
  defaults_.source.memory_limit = defaults_.destination.memory_limit = 1024 * kMi;
  defaults_.orchestrator.memory_limit = 512 * kMi;
  EXPECT_EQ(MemoryInMi(), 2560) << "the parts of config.yaml";
  defaults_.attempt.memory_limit = 2048 * kMi;
  EXPECT_EQ(MemoryInMi(), 2048) << "JOB_MAIN_CONTAINER_MEMORY_LIMIT";
  source_.definition = Scoped("300Mi");
  EXPECT_EQ(MemoryInMi(), 300 + 2048) << "one end, and the default for the other";
  destination_.definition = Scoped("100Mi");
  EXPECT_EQ(MemoryInMi(), 400);
  source_.actor = Scoped("200Mi");
  EXPECT_EQ(MemoryInMi(), 300);
  connection_ = {{"memory_limit", "512Mi"}};
  EXPECT_EQ(MemoryInMi(), 512);
  connection_ = {{"memory_limit", "0"}};
  EXPECT_EQ(MemoryInMi(), 0) << "no limit for this one";
}

TEST_F(AttemptLimitsTest, AnEndWithoutALimitHasNoneInTheSum) {
  source_.actor = Scoped("200Mi");
  EXPECT_EQ(MemoryInMi(), 200) << "nobody says anything of the other";
  destination_.actor = Scoped("0");
  EXPECT_EQ(MemoryInMi(), 0) << "it may use what it likes";
}

TEST_F(AttemptLimitsTest, TheLargestAmountsCanBeAdded) {
  const JsonValue most = Json{{"default", {{"memory_limit", "1E"}, {"cpu_limit", "1e6"}}}};
  source_.actor = destination_.actor = most;
  const auto limits = LimitsOfAttempt(connection_, source_, destination_, "sync", defaults_);
  ASSERT_TRUE(limits.ok()) << limits.status().ToString();
  EXPECT_EQ(limits->memory_bytes, 2'000'000'000'000'000'000);
  EXPECT_EQ(limits->cpu_millicores, 2'000'000'000);
}

TEST_F(AttemptLimitsTest, ProcessorsAreDecidedByThemselves) {
  connection_ = {{"memory_limit", "512Mi"}};
  defaults_.attempt.cpu_limit = 1500;
  const auto limits = LimitsOfAttempt(connection_, source_, destination_, "sync", defaults_);
  ASSERT_TRUE(limits.ok());
  EXPECT_EQ(limits->memory_bytes, 512 * kMi);
  EXPECT_EQ(limits->cpu_millicores, 1500);
}

TEST(LimitsInWords, SayWhatIsLimited) {
  EXPECT_EQ(LimitsInWords({}), "");
  EXPECT_EQ(LimitsInWords({512 * kMi, 1500}), "it may use 512 MiB of memory and 1.5 processors");
  EXPECT_EQ(LimitsInWords({0, 500}), "it may use 0.5 processors");
}

TEST_F(AttemptLimitsTest, OfACheckOrDiscoveryItsOneEndIsAsked) {
  StartDocument probe;
  probe.task = "discover";
  probe.source = ConnectorConfig{"source-file", Json::object()};
  const auto in_mi = [&] {
    const auto limits = LimitsOfProbe(probe, source_, defaults_);
    EXPECT_TRUE(limits.ok()) << limits.status().ToString();
    return limits->memory_bytes / kMi;
  };
  EXPECT_EQ(in_mi(), 0) << "nobody says anything";
  defaults_.source.memory_limit = 100 * kMi;
  defaults_.destination.memory_limit = 150 * kMi;
  EXPECT_EQ(in_mi(), 100) << "config.yaml's word for sources";
  defaults_.attempt.memory_limit = 200 * kMi;
  EXPECT_EQ(in_mi(), 200) << "JOB_MAIN_CONTAINER_MEMORY_LIMIT";
  defaults_.discover.memory_limit = 300 * kMi;
  defaults_.check.memory_limit = 400 * kMi;
  EXPECT_EQ(in_mi(), 300) << "DISCOVER_JOB_MAIN_CONTAINER_MEMORY_LIMIT";
  probe.task = "check";
  EXPECT_EQ(in_mi(), 400) << "CHECK_JOB_MAIN_CONTAINER_MEMORY_LIMIT";
  source_.definition = Json::parse(R"({"jobSpecific": [
      {"jobType": "check_connection", "resourceRequirements": {"memory_limit": "500Mi"}},
      {"jobType": "discover_schema", "resourceRequirements": {"memory_limit": "600Mi"}},
      {"jobType": "sync", "resourceRequirements": {"memory_limit": "700Mi"}}]})");
  EXPECT_EQ(in_mi(), 500);
  probe.task = "discover";
  EXPECT_EQ(in_mi(), 600);
  source_.actor = Scoped("0");
  EXPECT_EQ(in_mi(), 0) << "this source may use what it likes";
  source_.actor = Json();
  source_.definition = Json();
  defaults_ = {};
  defaults_.destination.memory_limit = 150 * kMi;
  std::swap(probe.source, probe.destination);
  EXPECT_EQ(in_mi(), 150) << "config.yaml's word for destinations";
}

TEST(ResourcesOfTheEnvironment, AreNamedWhenTheyAreWrong) {
  for (const std::string job : {"", "CHECK_", "DISCOVER_"}) {
    const std::string memory = job + "JOB_MAIN_CONTAINER_MEMORY_LIMIT";
    const std::string processors = job + "JOB_MAIN_CONTAINER_CPU_LIMIT";
    ::setenv(memory.c_str(), "2Gi", 1);
    ::setenv(processors.c_str(), "", 1);
    auto read = WithEnvironment({});
    ASSERT_TRUE(read.ok()) << read.status().ToString();
    const ResourceRequirements& container = job.empty()       ? read->attempt
                                            : job == "CHECK_" ? read->check
                                                              : read->discover;
    EXPECT_EQ(container.memory_limit, 2048 * kMi);
    EXPECT_FALSE(container.cpu_limit.has_value());
    ::setenv(memory.c_str(), "2 GB", 1);
    read = WithEnvironment({});
    ASSERT_FALSE(read.ok());
    EXPECT_THAT(read.status().ToString(), HasSubstr(memory));
    EXPECT_THAT(read.status().ToString(), HasSubstr("write \"2G\""));
    ::unsetenv(memory.c_str());
    ::unsetenv(processors.c_str());
  }
}

}  // namespace
}  // namespace millrace
