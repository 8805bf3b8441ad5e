#include "external/short_strings.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/json_parsing.h"

namespace millrace {
namespace {

TEST(ShortStringsTest, CutsBehindWholeCharactersAndEscapes) {
  EXPECT_EQ(WithShortStrings(R"({"type":"LOG","n":[1,"abcdefg",null]})", 4),
            R"({"type":"LOG","n":[1,"abcd",null]})");
  EXPECT_EQ(WithShortStrings(R"(["abcéx","abc\"defg","abc\u00e9xy","abc\\\"z"])", 4),
            R"(["abcé","abc\"","abc\u00e9","abc\\"])");
  EXPECT_EQ(WithShortStrings(R"(["abc\ud83d\ude00 smile"])", 4), R"(["abc\ud83d\ude00"])");
  EXPECT_EQ(WithShortStrings("", 4), "");
}

TEST(ShortStringsTest, WhatIsNoJsonStaysNone) {
  for (const char* text : {R"({"a)", R"({"abcdefgh)", R"(["a\)", R"(["\ud83d)", R"(["abcd\u12)"}) {
    EXPECT_TRUE(ParseJson(WithShortStrings(text, 2)).is_discarded()) << text;
  }
}

}  // namespace
}  // namespace millrace
