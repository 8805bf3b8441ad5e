#include "declarative/jinja/datetime_parser.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/file_io.h"
#include "base/json.h"
#include "declarative/jinja/py_iso_time.h"
#include "declarative/jinja/py_json.h"
#include "declarative/jinja/py_operators.h"

namespace millrace {
namespace {

std::string Refusal(const Status& status) {
  return "!" + status.error().message.substr(0, status.error().message.find(':'));
}

std::string Iso(const Result<PyMoment>& moment) {
  return moment.ok() ? PyIsoText(*moment) : Refusal(moment.status());
}

std::string Answer(const Json& row) {
  const std::string kind = row[0], format = row[2];
  if (kind == "parse") {
    return Iso(ParseDatetime(*ParsePyJson(row[1].dump(), PyJsonDialect::kPython), format));
  }
  const std::string text = row[1];
  if (kind == "iso") return Iso(PyIsoParse(text));
  if (kind == "format") {
    const bool fraction = text.find('.') != text.npos;
    return FormatDatetime(
        *ParseDatetime(text, fraction ? "%Y-%m-%dT%H:%M:%S.%f%z" : "%Y-%m-%dT%H:%M:%S%z"), format);
  }
  const Result<PyValue> duration = PyIsoDuration(text);
  return duration.ok() ? PyRepr(*duration) : Refusal(duration.status());
}

// Rows recorded from the CDK's DatetimeParser (parse, format), dateutil's isoparse (iso) and
// isodate's parse_duration (duration), with TZ=UTC.
TEST(DatetimeParser, EqualsTheCdk) {
  const Result<std::string> file =
      ReadFile(MILLRACE_SOURCE_DIR "/src/declarative/jinja/testdata/datetimes.json");
  ASSERT_TRUE(file.ok());
  for (const Json& row : Json::parse(*file)) {
    EXPECT_EQ(Answer(row), row[3].get<std::string>()) << row.dump();
  }
}

}  // namespace
}  // namespace millrace
