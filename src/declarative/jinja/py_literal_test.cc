#include "declarative/jinja/py_literal.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/file_io.h"
#include "base/json.h"
#include "declarative/jinja/py_operators.h"

namespace millrace {
namespace {

// Rows of text and Python 3.11's repr(ast.literal_eval(text)); null where it raises or the value is
// a complex number.
TEST(PyLiteral, EqualsPython) {
  const Result<std::string> file =
      ReadFile(MILLRACE_SOURCE_DIR "/src/declarative/jinja/testdata/py_literal.json");
  ASSERT_TRUE(file.ok());
  for (const Json& row : Json::parse(*file)) {
    const std::string text = row[0];
    const std::optional<PyValue> value = ParsePyLiteral(text);
    EXPECT_EQ(value ? PyRepr(*value) : "no literal",
              row[1].is_null() ? "no literal" : row[1].get<std::string>())
        << row[0].dump();
  }
}

TEST(PyLiteral, IsBounded) {
  EXPECT_FALSE(ParsePyLiteral(std::string(1 << 20, '(')));
  EXPECT_FALSE(ParsePyLiteral(std::string(1 << 20, '-') + "1"));
  std::string dict = "{";
  for (int i = 0; i < 50'000; ++i)
    dict += "'k" + std::to_string(i % 49'999) + "': (" + std::to_string(i) + ", 1.5), ";
  const std::optional<PyValue> value = ParsePyLiteral(dict + "}");
  ASSERT_TRUE(value);
  EXPECT_EQ(value->dict().size(), 49'999U);
  EXPECT_EQ(PyRepr(*value->Find("k0")), "(49999, 1.5)");
}

}  // namespace
}  // namespace millrace
