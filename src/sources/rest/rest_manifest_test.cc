#include "sources/rest/rest_manifest.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "declarative/jinja/py_json.h"
#include "declarative/manifest/config_rules.h"
#include "declarative/manifest/manifest.h"

namespace millrace {
namespace {

constexpr const char* kGoldens = MILLRACE_SOURCE_DIR "/src/sources/rest/testdata/manifests.json";

Json ReadGoldens() {
  std::ifstream file(kGoldens);
  return Json::parse(file);
}

/// What a configuration comes to: its manifest, or the error.
Json Outcome(const Json& config) {
  const auto manifest = RestManifest(config);
  if (manifest.ok()) return Json{{"manifest", *manifest}};
  EXPECT_EQ(manifest.status().error().type, FailureType::kConfigError);
  return Json{{"error", manifest.status().ToString()}};
}

/// Each case is {"what", "config", and "manifest" or "error"}; UPDATE_GOLDEN=1 writes the last two.
TEST(RestManifest, IsWrittenAsTheGoldensSay) {
  Json cases = ReadGoldens();
  for (Json& each : cases) {
    const Json outcome = Outcome(each.at("config"));
    if (std::getenv("UPDATE_GOLDEN") != nullptr) {
      each.erase("manifest");
      each.erase("error");
      each.update(outcome);
      continue;
    }
    const char* kind = outcome.contains("manifest") ? "manifest" : "error";
    ASSERT_TRUE(each.contains(kind)) << each.at("what") << outcome.dump(1);
    EXPECT_EQ(each.at(kind).dump(1), outcome.at(kind).dump(1)) << each.at("what");
  }
  if (std::getenv("UPDATE_GOLDEN") != nullptr) std::ofstream(kGoldens) << cases.dump(1) << "\n";
}

TEST(RestManifest, IsOneThatTheEngineTakes) {
  for (const Json& each : ReadGoldens()) {
    for (const RestPurpose purpose :
         {RestPurpose::kRead, RestPurpose::kSample, RestPurpose::kProbe}) {
      const auto written = RestManifest(each.at("config"), purpose);
      if (!written.ok()) continue;
      const auto tree = ParsePyJson(written->dump());
      ASSERT_TRUE(tree.ok()) << tree.status().ToString();
      const auto manifest = LoadManifestValue(*tree);
      EXPECT_TRUE(manifest.ok()) << each.at("what") << ": " << manifest.status().ToString();
    }
  }
}

TEST(RestManifest, HoldsNoSecret) {
  for (const Json& each : ReadGoldens()) {
    const auto written = RestManifest(each.at("config"));
    if (written.ok()) {
      EXPECT_THAT(written->dump(), testing::Not(testing::HasSubstr("s3cret")));
    }
  }
}

}  // namespace
}  // namespace millrace
