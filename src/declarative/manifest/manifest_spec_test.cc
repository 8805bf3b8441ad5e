#include "declarative/manifest/manifest_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "declarative/jinja/py_json.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/manifest/config_rules.h"
#include "declarative/manifest/testing/golden_rows.h"
#include "declarative/manifest/yaml_reader.h"

namespace millrace {
namespace {

PyValue Json(const std::string& text) { return *ParsePyJson(text, PyJsonDialect::kPython); }

Result<Manifest> ManifestWith(const PyValue& spec) {
  return LoadManifestValue(PyDict{{"version", "1.0.0"},
                                  {"check", PyDict{{"type", "CheckStream"}}},
                                  {"streams", PyValue::List()},
                                  {"spec", spec}});
}

TEST(ManifestSpecTest, PrintsWhatTheCdkPrints) {
  const auto rows = GoldenRows("spec.tsv");
  EXPECT_GT(rows.size(), 12u);
  for (const auto& row : rows) {
    const Result<Manifest> manifest = ManifestWith(*ReadYaml(Json(row[0]).str()));
    ASSERT_TRUE(manifest.ok()) << row[0] << manifest.status().ToString();
    const Result<PyValue> spec = ManifestSpecification(*manifest);
    std::string printed;
    if (spec.ok()) {
      EXPECT_TRUE(AppendOrjson(*spec, &printed).ok());
    } else {
      EXPECT_EQ(spec.status().error().type, FailureType::kSystemError);
      printed = "AttributeError";
    }
    EXPECT_EQ(printed, row[1]) << row[0];
  }
}

TEST(ManifestSpecTest, NeedsASpec) {
  const Result<Manifest> manifest = LoadManifest("{version: 1.0.0, check: {}, streams: []}");
  EXPECT_THAT(ManifestSpecification(*manifest).status().ToString(),
              testing::HasSubstr("spec is missing"));
}

std::string Outcome(const ConfigRules& rules, const PyValue& config) {
  Result<ConfigRules::Migrated> migrated = rules.Migrate(config, Clock::System());
  Status status = migrated.status();
  if (status.ok()) status = rules.Transform(migrated->config, Clock::System());
  if (status.ok()) status = rules.Validate(migrated->config, Clock::System());
  if (status.ok()) return PyRepr(PyValue::Tuple({migrated->config, migrated->changed}));
  const std::string text = status.ToString();
  return text.starts_with("ValueError") ? text : text.substr(0, text.find(':'));
}

TEST(ConfigRulesTest, ChangeAndCheckConfigurationsAsTheCdkDoes) {
  const auto rows = GoldenRows("config_rules.tsv");
  EXPECT_GT(rows.size(), 50u);
  for (const auto& row : rows) {
    const PyValue rules_text = *ReadYaml(Json(row[0]).str());
    const Result<Manifest> manifest =
        ManifestWith(PyDict{{"type", "Spec"},
                            {"connection_specification", PyDict()},
                            {"config_normalization_rules", rules_text}});
    ASSERT_TRUE(manifest.ok()) << row[0] << manifest.status().ToString();
    const Result<ConfigRules> rules = ConfigRules::Make(*manifest);
    ASSERT_TRUE(rules.ok()) << row[0] << rules.status().ToString();
    EXPECT_EQ(Outcome(*rules, Json(row[1])), row[2]) << row[0];
  }
}

TEST(ConfigRulesTest, RefusesCustomClasses) {
  const Result<Manifest> manifest = ManifestWith(*ReadYaml(
      "{type: Spec, connection_specification: {}, config_normalization_rules: {type: "
      "ConfigNormalizationRules, transformations: [{type: CustomConfigTransformation, class_name: "
      "a.B}]}}"));
  ASSERT_TRUE(manifest.ok()) << manifest.status().ToString();
  EXPECT_THAT(ConfigRules::Make(*manifest).status().ToString(),
              testing::HasSubstr("custom Python class"));
}

}  // namespace
}  // namespace millrace
