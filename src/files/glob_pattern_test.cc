#include "files/glob_pattern.h"

#include <gmock/gmock.h>

namespace millrace {
namespace {

using testing::ElementsAre;

struct Case {
  const char* pattern;
  const char* key;
  bool matches;
};

TEST(GlobPattern, MatchesAsAirbyteDoes) {
  constexpr Case kCases[] = {
      {"**", "a.csv", true},
      {"**", "a/b/c.csv", true},
      {"**", "a/.hidden", false},
      {"**/*.csv", "a.csv", true},
      {"**/*.csv", "a/b/c.csv", true},
      {"**/*.csv", "a/b/c.csv.gz", false},
      {"*.csv", "a/b.csv", false},
      {"a/**/x.csv", "a/x.csv", true},
      {"a/**/x.csv", "a/b/c/x.csv", true},
      {"a/**", "b/x.csv", false},
      {"a**/x.csv", "ab/c/x.csv", false},
      {"data_?.csv", "data_1.csv", true},
      {"data_?.csv", "data_12.csv", false},
      {"[a-c]*.csv", "bee.csv", true},
      {"[!a-c]*.csv", "bee.csv", false},
      {"[]x].csv", "].csv", true},
      {"[x.csv", "[x.csv", true},
      {"y=2024/*.{csv,jsonl}", "y=2024/a.jsonl", true},
      {"{a,b/{c,d}}/x", "b/d/x", true},
      {"{a}", "{a}", true},
      {"\\*.csv", "*.csv", true},
      {"\\*.csv", "a.csv", false},
      {".*", ".env", true},
      {"*", ".env", false},
      {"a*b*c", "a-b-b-c", true},
      {"a*b*c", "a-b-b", false},
      {"", "", true},
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(GlobPattern(c.pattern).Matches(c.key), c.matches) << c.pattern << " and " << c.key;
  }
}

TEST(GlobPattern, TakesTimeThatIsBounded) {
  std::string pattern;
  for (int i = 0; i < 64; ++i) pattern += "**/*a*";
  EXPECT_FALSE(GlobPattern(pattern).Matches(std::string(400, 'a') + "/" + std::string(400, 'b')));
  std::string braces;
  for (int i = 0; i < 40; ++i) braces += "{a,b}";
  EXPECT_FALSE(GlobPattern(braces).Matches("a"));
}

TEST(GlobPattern, KnowsWhatToList) {
  EXPECT_THAT(GlobPattern("raw/2024/part-*.csv").prefixes(), ElementsAre("raw/2024/part-"));
  EXPECT_THAT(GlobPattern("**").prefixes(), ElementsAre(""));
  EXPECT_THAT(GlobPattern("{a,b}/x").prefixes(), testing::UnorderedElementsAre("a/x", "b/x"));
}

}  // namespace
}  // namespace millrace
