#include "declarative/jinja/py_json.h"

#include <gtest/gtest.h>

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_operators.h"

namespace millrace {
namespace {

std::string ReprOf(const Result<PyValue>& value) { return value.ok() ? PyRepr(*value) : "error"; }

struct ParseCase {
  std::string_view text;
  std::string_view orjson, python;  // repr of the value
};

// Recorded from orjson 3.13.0 and Python 3.11.
TEST(PyJson, Parses) {
  const std::string huge(400, '1');
  const ParseCase kCases[] = {
      {"9223372036854775807", "9223372036854775807", "9223372036854775807"},
      {"9223372036854775808", "9223372036854775808", "9223372036854775808"},
      {"18446744073709551615", "18446744073709551615", "18446744073709551615"},
      {"18446744073709551616", "1.8446744073709552e+19", "18446744073709551616"},
      {"-9223372036854775808", "-9223372036854775808", "-9223372036854775808"},
      {"-9223372036854775809", "-9.223372036854776e+18", "-9223372036854775809"},
      {huge, "error", huge},
      {"-0", "0", "0"},
      {"-0.0", "-0.0", "-0.0"},
      {"1e400", "error", "inf"},
      {"-1e400", "error", "-inf"},
      {"1e-400", "0.0", "0.0"},
      {"1E5", "100000.0", "100000.0"},
      {"0.1e1", "1.0", "1.0"},
      {"4.9e-324", "5e-324", "5e-324"},
      {"2.2250738585072011e-308", "2.225073858507201e-308", "2.225073858507201e-308"},
      {"123456789012345678901234567890.5", "1.2345678901234568e+29", "1.2345678901234568e+29"},
      {"NaN", "error", "nan"},
      {"[Infinity, -Infinity,1]", "error", "[inf, -inf, 1]"},
      {"{\"a\": NaN, \"b\": 123456789012345678901234567890}", "error",
       "{'a': nan, 'b': 123456789012345678901234567890}"},
      {R"("\ud800")", "error", R"('\ud800')"},
      {R"("\udc00\ud800")", "error", R"('\udc00\ud800')"},
      {R"("\ud800\u0041")", "error", R"('\ud800A')"},
      {R"("\uD83D\uDE00")", "'😀'", "'😀'"},
      {R"("\/\b\u0000")", R"('/\x08\x00')", R"('/\x08\x00')"},
      {"\"\x7f\"", R"('\x7f')", R"('\x7f')"},
      {"\"a\x01\"", "error", "error"},
      {R"({"a":1,"a":2,"b":3,"a":4})", "{'a': 4, 'b': 3}", "{'a': 4, 'b': 3}"},
      {R"({"a":{"a":1,"b":2},"b":1,"a":[{"b":5,"b":6}]})", "{'a': [{'b': 6}], 'b': 1}",
       "{'a': [{'b': 6}], 'b': 1}"},
      {R"({"\u0061":1,"a":2})", "{'a': 2}", "{'a': 2}"},
      {"", "error", "error"},
      {"  ", "error", "error"},
      {"\xEF\xBB\xBF{}", "error", "error"},
      {"[1,]", "error", "error"},
      {"{\"a\":}", "error", "error"},
      {"nul", "error", "error"},
      {"01", "error", "error"},
      {"1.", "error", "error"},
      {".5", "error", "error"},
      {"-", "error", "error"},
      {"-NaN", "error", "error"},
      {"NaNx", "error", "error"},
      {"{\"a\":1}{\"b\":2}", "error", "error"},
      {"\"\xFF\"", "error", "error"},
      {" [true, false , null,\"\"] \n", "[True, False, None, '']", "[True, False, None, '']"},
  };
  for (const ParseCase& row : kCases) {
    EXPECT_EQ(ReprOf(ParsePyJson(row.text, PyJsonDialect::kOrjson)), row.orjson) << row.text;
    EXPECT_EQ(ReprOf(ParsePyJson(row.text, PyJsonDialect::kPython)), row.python) << row.text;
    const bool strict = row.orjson != "error";
    EXPECT_EQ(ReprOf(ParsePyJson(row.text)), strict ? row.orjson : row.python) << row.text;
  }
}

TEST(PyJson, BoundsWhatItParses) {
  const auto nested = [](int depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(ParsePyJson(nested(1024), PyJsonDialect::kOrjson).ok());
  EXPECT_FALSE(ParsePyJson(nested(1025), PyJsonDialect::kResponse).ok());
  EXPECT_FALSE(ParsePyJson(std::string(1 << 20, '['), PyJsonDialect::kResponse).ok());
  EXPECT_FALSE(ParsePyJson(std::string(4301, '1'), PyJsonDialect::kPython).ok());
  EXPECT_TRUE(ParsePyJson(std::string(4300, '1'), PyJsonDialect::kPython).ok());
}

TEST(PyJson, FindsRepeatsAmongManyKeys) {
  std::string text = "{";
  for (int i = 0; i < 20'000; ++i)
    text += "\"key" + std::to_string(i % 19'999) + "\":" + std::to_string(i) + ",";
  text.back() = '}';
  const Result<PyValue> value = ParsePyJson(text);
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(value->dict().size(), 19'999U);
  EXPECT_EQ(value->Find("key0")->as_int(), 19'999);
  EXPECT_EQ(value->dict().begin()->second.as_int(), 19'999);
}

std::string Dumped(const PyValue& value, const PyJsonStyle& style) {
  std::string text = "<";
  const Status status = AppendPyJson(value, style, &text);
  if (status.ok()) return text.substr(1);
  EXPECT_EQ(text, "<");
  return IsPyError(status, "TypeError") ? "TypeError" : status.error().message;
}

std::string OrjsonDumped(const PyValue& value) {
  std::string text = "<";
  const Status status = AppendOrjson(value, &text);
  if (status.ok()) return text.substr(1);
  EXPECT_EQ(text, "<");
  return IsPyError(status, "TypeError") ? "TypeError" : status.error().message;
}

TEST(PyJson, Prints) {
  struct Case {
    PyValue value;
    std::string_view orjson, python;
  };
  const PyValue mixed_keys(PyDict{{PyValue(), 1}, {true, 2}, {1.5, 3}, {4, 5}, {"a", 6}});
  const Case kCases[] = {
      {std::numeric_limits<double>::quiet_NaN(), "null", "NaN"},
      {-std::numeric_limits<double>::infinity(), "null", "-Infinity"},
      {PyIntFromText("18446744073709551615"), "18446744073709551615", "18446744073709551615"},
      {PyIntFromText("18446744073709551616"), "TypeError", "18446744073709551616"},
      {PyIntFromText("-9223372036854775809"), "TypeError", "-9223372036854775809"},
      {PyValue::Tuple({1, PyValue()}), "[1,null]", "[1, null]"},
      {PyValue(PyDict{{1, 2}}), "TypeError", "{\"1\": 2}"},
      {PyValue(PyDict{}), "{}", "{}"},
      {PyValue::List(), "[]", "[]"},
      {mixed_keys, "TypeError", R"({"null": 1, "true": 2, "1.5": 3, "4": 5, "a": 6})"},
      {PyValue(PyDict{{PyValue::Tuple({1}), 2}}), "TypeError", "TypeError"},
      {PyValue::Bytes("x"), "TypeError", "TypeError"},
      {PyValue::Set({1}), "TypeError", "TypeError"},
      {PyValue::Ellipsis(), "TypeError", "TypeError"},
      {1e16, "1e+16", "1e+16"},
      {1e22, "1e+22", "1e+22"},
      {1.0, "1.0", "1.0"},
      {1e-7, "1e-7", "1e-07"},
      {1e-5, "0.00001", "1e-05"},
      {5e-324, "5e-324", "5e-324"},
      {-0.0, "-0.0", "-0.0"},
      {1e15, "1000000000000000.0", "1000000000000000.0"},
      {123456789012345680.0, "1.2345678901234568e+17", "1.2345678901234568e+17"},
      {PyValue("a\u2028\x7f\x1fé😀/\"\\\b\f"), "\"a\u2028\x7f\\u001fé😀/\\\"\\\\\\b\\f\"",
       R"("a\u2028\u007f\u001f\u00e9\ud83d\ude00/\"\\\b\f")"},
      {PyValue("\xED\xA0\x80"), "TypeError", R"("\ud800")"},
  };
  for (const Case& row : kCases) {
    EXPECT_EQ(OrjsonDumped(row.value), row.orjson) << PyRepr(row.value);
    EXPECT_EQ(Dumped(row.value, {}), row.python) << PyRepr(row.value);
  }
}

TEST(PyJson, PrintsInStyles) {
  const PyValue value(PyDict{{"b", PyValue::List({1, PyValue::List()})},
                             {"a", PyValue(PyDict{{"é", 1.5}, {"d", PyValue(PyDict{})}})}});
  EXPECT_EQ(Dumped(value, kCompactPyJson), R"({"b":[1,[]],"a":{"\u00e9":1.5,"d":{}}})");
  EXPECT_EQ(Dumped(value, {.ascii = false, .sort_keys = true}),
            R"({"a": {"d": {}, "é": 1.5}, "b": [1, []]})");
  EXPECT_EQ(Dumped(value, {.indent = 2}),
            "{\n  \"b\": [\n    1,\n    []\n  ],\n  \"a\": {\n    \"\\u00e9\": 1.5,\n"
            "    \"d\": {}\n  }\n}");
  EXPECT_EQ(Dumped(PyValue(PyDict{{1, 2}, {"a", 3}}), {.sort_keys = true}), "TypeError");
  EXPECT_EQ(Dumped(PyValue(PyDict{{2, 1}, {1.5, 2}, {true, 3}}), {.sort_keys = true}),
            R"({"true": 3, "1.5": 2, "2": 1})");
}

TEST(PyJson, PrintsNoCycleForEver) {
  const PyValue list = PyValue::List();
  list.mutable_items().push_back(list);
  EXPECT_EQ(OrjsonDumped(list), "TypeError");
  EXPECT_NE(Dumped(list, {}), "");
  list.mutable_items().clear();
}

}  // namespace
}  // namespace millrace
