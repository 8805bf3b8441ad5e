#include "base/json_parsing.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <string>

namespace millrace {
namespace {

using ::testing::StrEq;

std::string Nested(int depth) {
  const auto count = static_cast<size_t>(depth);
  return std::string(count, '[') + std::string(count, ']');
}

TEST(JsonParsingTest, ReadsAsTheLibraryDoes) {
  for (const char* text : {"null",
                           " true ",
                           "-12",
                           "18446744073709551615",
                           "1.5e3",
                           R"("a\u00e9\n")",
                           "[]",
                           "{}",
                           R"([1,[2,{}],{"b":[],"a":{"c":null}}])",
                           R"({"z":1,"a":2,"m":{"z":[false]}})",
                           R"({"a":1,"b":2,"a":{"x":1},"c":3,"b":4})",
                           "",
                           "{",
                           "[1,]",
                           "{\"a\"}",
                           "nul",
                           "1 2",
                           "\"\xff\"",
                           "[1,2",
                           "{\"a\":1,}"}) {
    const char* fault = "";
    const Json read = ParseJson(text, {}, &fault);
    const Json expected = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    ASSERT_EQ(read.is_discarded(), expected.is_discarded()) << text;
    if (expected.is_discarded()) {
      EXPECT_THAT(fault, StrEq("it is not JSON")) << text;
    } else {
      EXPECT_EQ(read.dump(), expected.dump()) << text;
      EXPECT_EQ(fault, nullptr) << text;
    }
  }
}

TEST(JsonParsingTest, RefusesWhatIsNestedTooDeeply) {
  const char* fault = nullptr;
  EXPECT_EQ(ParseJson(Nested(500), {}, &fault).dump(), Nested(500));
  EXPECT_TRUE(ParseJson(Nested(501), {}, &fault).is_discarded());
  EXPECT_THAT(fault, StrEq("it is nested too deeply"));
  std::string objects;
  for (int i = 0; i < 200'000; ++i) objects += R"({"type":"CONTROL","a":)";
  EXPECT_TRUE(ParseJson(objects, {}, &fault).is_discarded());
  EXPECT_THAT(fault, StrEq("it is nested too deeply"));
  EXPECT_TRUE(ParseJson("[[[]]]", {.depth_max = 2}).is_discarded());
  EXPECT_FALSE(ParseJson("[[1],[2]]", {.depth_max = 2}).is_discarded());
}

TEST(JsonParsingTest, ManyKeysTakeNoLongerThanTheirText) {
  // A quadratic search for each key would take minutes.
  std::string text = "{";
  for (int i = 0; i < 100'000; ++i) text += "\"key" + std::to_string(i) + "\":1,";
  text += "\"key7\":2}";
  const Json read = ParseJson(text);
  ASSERT_EQ(read.size(), 100'000U);
  EXPECT_EQ(read.at("key7"), 2);
}

}  // namespace
}  // namespace millrace
