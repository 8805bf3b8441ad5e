#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/file_io.h"
#include "base/json.h"
#include "declarative/jinja/interpolation.h"
#include "declarative/jinja/py_json.h"
#include "declarative/jinja/py_operators.h"

namespace millrace {
namespace {

std::string Evaluated(const std::string& text) {
  static const PyValue config = *ParsePyJson(R"({"a": 1, "n": null, "s": "text"})");
  const PyValue parameters{PyDict()};
  InterpolationContext context(Clock::System(), config);
  context.Set("parameters", parameters);
  const Result<PyValue> value = InterpolatedString(text, parameters).Evaluate(context);
  if (value.ok()) return PyRepr(*value);
  const std::string& message = value.status().error().message;
  return "!" + message.substr(0, message.find(':'));
}

// What templates can call: filters, tests, macros, methods. Rows of a template and what the CDK's
// InterpolatedString makes of it (repr, or the exception's class), recorded with TZ=UTC.
TEST(PyFunctions, EqualTheCdk) {
  setenv("TZ", "UTC", /*replace=*/1);
  const Result<std::string> file =
      ReadFile(MILLRACE_SOURCE_DIR "/src/declarative/jinja/testdata/functions.json");
  ASSERT_TRUE(file.ok());
  for (const Json& row : Json::parse(*file)) {
    EXPECT_EQ(Evaluated(row[0]), row[1].get<std::string>()) << row[0];
  }
}

// Python would take gigabytes, or for ever.
TEST(PyFunctions, AreBounded) {
  for (const char* text : {
           "{{ 'x' * 10 ** 9 }}",
           "{{ 'x'.center(10 ** 9) }}",
           "{{ 'x'.zfill(10 ** 12) }}",
           "{{ '\\t'.expandtabs(10 ** 10) }}",
           "{{ '{:1000000000}'.format(1) }}",
           "{{ '{:.1000000000f}'.format(1.5) }}",
           "{{ 'a' | indent(10 ** 9) }}",
           "{{ [1] | batch(10 ** 10, 0) | list }}",
           "{{ [1] | slice(10 ** 10) | list }}",
           "{{ ('a' * 10 ** 6).replace('a', 'b' * 10 ** 6) }}",
           "{{ ('b' * 10 ** 6).join(['a'] * 1000) }}",
           "{{ (['a' * 10 ** 6] * 1000) | join }}",
           "{{ ('a' * 10 ** 5) | regex_replace('a', 'b' * 10 ** 5) }}",
           "{{ ('a' * 40 ~ '!') | regex_search('^(a+)+$') }}",
           "{{ ('%1000000000d') | format(1) }}",
           "{{ 10 ** (10 ** 10) }}",
           "{{ ('x' | safe) * 10 ** 30 }}",
       }) {
    EXPECT_TRUE(Evaluated(text).starts_with("!"))
        << text << " gives " << Evaluated(text).substr(0, 80);
  }
}

}  // namespace
}  // namespace millrace
