#include "declarative/manifest/yaml_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "declarative/jinja/py_operators.h"
#include "declarative/manifest/testing/golden_rows.h"

namespace millrace {
namespace {

std::string ExceptionOf(YamlFailure failure) {
  switch (failure) {
    case YamlFailure::kReader:
      return "ReaderError";
    case YamlFailure::kScanner:
    case YamlFailure::kTab:
    case YamlFailure::kDirective:
    case YamlFailure::kSurrogate:
      return "ScannerError";
    case YamlFailure::kParser:
      return "ParserError";
    case YamlFailure::kComposer:
      return "ComposerError";
    case YamlFailure::kConstructor:
      return "ConstructorError";
    case YamlFailure::kValue:
      return "ValueError";
    default:
      return "?";
  }
}

TEST(YamlReaderTest, ReadsWhatPyYamlReads) {
  const auto rows = GoldenRows("yaml.tsv");
  EXPECT_GT(rows.size(), 200u);
  for (const auto& row : rows) {
    YamlFailure failure = YamlFailure::kNone;
    const Result<PyValue> value = ReadYaml(nlohmann::json::parse(row[0]).get<std::string>(),
                                           {.tabs = YamlTabs::kRefused, .failure = &failure});
    EXPECT_EQ(value.ok() ? PyRepr(*value) : ExceptionOf(failure), row[1])
        << row[0] << "\n"
        << value.status().ToString();
  }
}

TEST(YamlReaderTest, KnowsTheLines) {
  YamlLines lines;
  const PyValue value =
      *ReadYaml("a: 1\nb:\n  c: 2\n  d:\n    - x\n    - {e: 5}\n", {.lines = &lines});
  EXPECT_EQ(value.line(), 1);
  const PyValue& b = *value.Find("b");
  EXPECT_EQ(b.line(), 3);
  EXPECT_EQ(b.Find("d")->line(), 5);
  EXPECT_EQ(b.Find("d")->items()[1].line(), 6);
  EXPECT_EQ(lines.OfField(b.line(), "d"), 4);
  EXPECT_EQ(lines.OfField(b.line(), "nothing"), 3);
}

TEST(YamlReaderTest, ErrorsNameThePlace) {
  EXPECT_EQ(ReadYaml("a: 1\nb: [1, 2\nc: 3\n").status().ToString(),
            "line 3, column 2: while parsing a flow sequence, did not find expected ',' or ']'");
  EXPECT_EQ(ReadYaml("a: 1\nb:  *x\n").status().ToString(),
            "line 2, column 5: there is no anchor &x");
  EXPECT_EQ(ReadYaml("a: 2024-02-31\n").status().ToString(),
            "line 1, column 4: '2024-02-31' is no date");
  EXPECT_EQ(ReadYaml("a: b\n---\nc: d").status().ToString(),
            "line 2, column 1: a second document starts here");
  EXPECT_EQ(ReadYaml("a: !thing b").status().error().type, FailureType::kConfigError);
}

TEST(YamlReaderTest, ManifestsMayHaveTabs) { EXPECT_EQ(PyRepr(*ReadYaml("a:\tb")), "{'a': 'b'}"); }

TEST(YamlReaderTest, AliasesShareOneValue) {
  const PyValue value = *ReadYaml("a: &x {k: 1}\nb: *x\n");
  EXPECT_TRUE(value.Find("a")->Is(*value.Find("b")));
}

TEST(YamlReaderTest, IsBounded) {
  std::string laughs = "a0: &a0 [x]\n";
  for (int i = 1; i < 60; ++i) {
    laughs += fmt::format("a{0}: &a{0} [*a{1}, *a{1}, *a{1}]\n", i, i - 1);
  }
  EXPECT_TRUE(ReadYaml(laughs).ok());  // one value each, however often it is shared
  std::string merges = "a0: &a0 {x: 1}\n";
  for (int i = 1; i < 60; ++i) {
    merges += fmt::format("a{0}: &a{0} {{<<: [*a{1}, *a{1}]}}\n", i, i - 1);
  }
  EXPECT_THAT(ReadYaml(merges).status().ToString(), testing::HasSubstr("too many entries"));
  EXPECT_THAT(ReadYaml(std::string(100'000, '[')).status().ToString(),
              testing::HasSubstr("nested more than"));
  std::string nested = "a0: &a0 [x]\n";
  for (int i = 1; i < 1000; ++i) nested += fmt::format("a{0}: &a{0} [*a{1}]\n", i, i - 1);
  EXPECT_TRUE(ReadYaml(nested).ok());  // as it lies in the text, each is shallow
  std::string many = "[";
  for (int i = 0; i < 2'100'000; ++i) many += "1,";
  YamlFailure failure = YamlFailure::kNone;
  EXPECT_FALSE(ReadYaml(many + "]", {.failure = &failure}).ok());
  EXPECT_EQ(failure, YamlFailure::kTooLarge);
}

}  // namespace
}  // namespace millrace
