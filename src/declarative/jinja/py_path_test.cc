#include "declarative/jinja/py_path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_glob.h"
#include "declarative/jinja/py_operators.h"

namespace millrace {
namespace {

PyValue FromJson(const nlohmann::ordered_json& json) {
  if (json.is_null()) return {};
  if (json.is_boolean()) return json.get<bool>();
  if (json.is_number_integer()) return json.get<int64_t>();
  if (json.is_number()) return json.get<double>();
  if (json.is_string()) return json.get<std::string>();
  PyList items;
  PyDict members;
  for (const auto& [key, value] : json.items()) {
    if (json.is_array()) items.push_back(FromJson(value));
    if (json.is_object()) members.Set(std::string_view(key), FromJson(value));
  }
  return json.is_array() ? PyValue::List(items) : PyValue(members);
}

PyValue Parse(std::string_view text) { return FromJson(nlohmann::ordered_json::parse(text)); }

PyValue Object(const std::string& name) {
  if (name == "tree") {
    return Parse(R"({"a": {"b": {"c": 1, "d": null},
        "e": [{"id": 1, "x": "p"}, {"id": 2, "x": "q"}, {"id": 3}]}, "name": "n", "0": "zero"})");
  }
  if (name == "rows") return Parse(R"([[1, 2], [3], {"k": []}])");
  if (name == "numbers") return PyDict{{1, "one"}, {"1", "text one"}, {2, PyDict{{"z", 5}}}};
  if (name == "empty_key") return Parse(R"({"a": {"": 1}, "b": 2})");
  return "text";
}

template <typename T>
std::string Outcome(const Result<T>& result, const PyValue* object = nullptr) {
  if (!result.ok())
    return result.status().ToString().substr(0, result.status().ToString().find(':'));
  if constexpr (std::is_same_v<T, PyList>) {
    return PyRepr(PyValue::List(*result));
  } else {
    return PyRepr(object == nullptr ? PyValue(*result) : PyValue::Tuple({*result, *object}));
  }
}

std::string OutcomeOf(const std::string& operation, const PyPath& path, const PyValue& object) {
  if (operation == "get") return Outcome(path.Get(object));
  if (operation == "get_or") return Outcome(path.Get(object, PyValue("missing")));
  if (operation == "values") return Outcome(path.Values(object));
  if (operation == "set") return Outcome(path.SetExisting(object, "new"), &object);
  if (operation == "delete") return Outcome(path.Delete(object), &object);
  if (operation == "new") {
    const Status status = path.SetNew(object, "new");
    return Outcome(status.ok() ? Result<PyValue>(object) : Result<PyValue>(status));
  }
  const auto selected = [](const PyValue& leaf) -> Result<bool> {
    return PyEqual(leaf, 1) || PyEqual(leaf, "q");
  };
  return Outcome(PyPath::DeleteLeaves(object, selected), &object);
}

TEST(PyPathTest, DoesWhatDpathDoes) {
  std::ifstream table(MILLRACE_SOURCE_DIR "/src/declarative/jinja/testdata/py_path.tsv");
  std::string line;
  int rows = 0;
  while (std::getline(table, line)) {
    if (line.starts_with('#')) continue;
    std::istringstream columns(line);
    std::string operation, object, path, expected;
    std::getline(columns, operation, '\t');
    std::getline(columns, object, '\t');
    std::getline(columns, path, '\t');
    std::getline(columns, expected, '\t');
    const Result<PyPath> made = PyPath::Of(Parse(path));
    ASSERT_TRUE(made.ok()) << line;
    EXPECT_EQ(OutcomeOf(operation, *made, Object(object)), expected) << line;
    ++rows;
  }
  EXPECT_GT(rows, 250);
}

TEST(PyPathTest, OnlyTextAndListsArePaths) {
  EXPECT_TRUE(IsPyError(PyPath::Of(PyValue(5)).status(), "TypeError"));
}

TEST(PyPathTest, BoundsWhatAPathMayCreateAndHowDeepAnObjectIs) {
  EXPECT_TRUE(IsPyError(PyPath::Split("a/99999999").SetNew(PyValue(PyDict()), 1), "MemoryError"));
  EXPECT_TRUE(IsPyError(PyPath::Split("a/99999999999999999999").SetNew(PyValue(PyDict()), 1),
                        "MemoryError"));
  PyValue deep = PyValue::List();
  for (int i = 0; i < 100'000; ++i) deep = PyValue::List({deep});
  EXPECT_TRUE(IsPyError(PyPath::Split("**").Values(deep).status(), "RecursionError"));
}

TEST(PyGlobTest, DoesWhatFnmatchDoes) {
  struct Row {
    std::string_view pattern, text;
    bool matches;
  };
  const Row rows[] = {
      {"", "", true},           {"", "a", false},       {"*", "", true},
      {"a*c", "abbc", true},    {"a*c", "abcb", false}, {"a*b*c", "aXbXbc", true},
      {"?", "ä", true},         {"??", "ä", false},     {"[a-c]x", "bx", true},
      {"[!a-c]x", "bx", false}, {"[]a]", "]", true},    {"[a", "[a", true},
      {"[!]a]", "b", true},     {"[a-]", "-", true},    {"[^a]", "^", true},
      {"[^a]", "b", false},     {"[z-a]", "m", false},  {"A", "a", false},
      {"**", "anything", true}, {"[ä-ö]", "ç", true},   {"a.c", "abc", false},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(PyGlobMatches(row.pattern, row.text), row.matches) << row.pattern << " " << row.text;
  }
}

}  // namespace
}  // namespace millrace
