#include "declarative/slices/fixed_width_datetime.h"

#include <gtest/gtest.h>

#include <random>

#include "declarative/jinja/datetime_parser.h"
#include "declarative/slices/cursor_formats.h"

namespace millrace {
namespace {

const std::vector<std::string>& Formats() {
  static const std::vector<std::string> formats = {"%Y-%m-%d",
                                                   "%Y-%m-%dT%H:%M:%SZ",
                                                   "%Y-%m-%dT%H:%M:%S.%fZ",
                                                   "%Y-%m-%dT%H:%M:%S%z",
                                                   "%Y-%m-%dT%H:%M:%S.%f%z",
                                                   "%Y%m%d",
                                                   "%Y%m%d%H%M%S",
                                                   "%d.%m.%Y %H:%M",
                                                   "%Y-%m-%dT%H:%M:%S.%_msZ",
                                                   "%f%Y%m%d",
                                                   "%Y-%m-%d %H:%M:%S %z",
                                                   "created:gte:%Y/%m/%d",
                                                   "%d%m%Y%z",
                                                   "%Y%f%m%d"};
  return formats;
}

TEST(FixedWidthDatetimeTest, TakesTheFormatsThatApisUse) {
  for (const std::string& format : Formats()) {
    SCOPED_TRACE(format);
    const CursorTime time{1'709'596'800'123'456, 5'400'000'000};
    const std::optional<std::string> text = FixedWidthDatetime(format).Write(time);
    EXPECT_EQ(text.has_value(), format.find("%_ms") == std::string::npos);
    if (!text) continue;
    EXPECT_TRUE(FixedWidthDatetime(format).Read(*text).has_value()) << *text;
  }
  for (const char* other :
       {"%s", "%ms", "%Y", "%y-%m-%d", "%Y-%m-%d %Y", "%B %d, %Y", "%", "", "%Y-%m-%d%"}) {
    EXPECT_FALSE(FixedWidthDatetime(other).Read("2024-03-01").has_value()) << other;
    EXPECT_FALSE(FixedWidthDatetime(other).Write({}).has_value()) << other;
  }
}

TEST(FixedWidthDatetimeTest, ReadsAsTheParserDoes) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const auto below = [&](int64_t n) {
    return std::uniform_int_distribution<int64_t>(0, n - 1)(random);
  };
  constexpr std::string_view kNoise = "0123456789:+-.TZz \xc3\xa9";
  int read = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string& format = Formats()[below(Formats().size())];
    const std::string& written =
        Formats()[below(10) == 0 ? below(Formats().size()) : &format - Formats().data()];
    PyMoment moment;
    moment.local_us = below(250'000'000'000'000'000) - 60'000'000'000'000'000;
    if (below(2) == 0) moment.local_us -= moment.local_us % 86'400'000'000;
    moment.zone = {PyZone::Class::kFixed, (below(2880) - 1440 + 1) * 60'000'000};
    if (moment.zone.offset_us == 1'440 * int64_t{60'000'000}) moment.zone.offset_us = 0;
    std::string text = FormatDatetime(moment, written);
    const int changes = static_cast<int>(below(3));
    for (int change = 0; change < changes && !text.empty(); ++change) {
      const size_t at = below(text.size());
      const char noise = kNoise[below(kNoise.size())];
      switch (below(3)) {
        case 0:
          text[at] = noise;
          break;
        case 1:
          text.erase(at, 1);
          break;
        default:
          text.insert(at, 1, noise);
      }
    }
    const std::optional<CursorTime> fast = FixedWidthDatetime(format).Read(text);
    if (!fast) continue;
    ++read;
    const Result<CursorTime> slow = ParseCursorTime(PyValue(text), format);
    ASSERT_TRUE(slow.ok()) << format << " " << text << " " << slow.status().ToString();
    ASSERT_EQ(fast->micros, slow->micros) << format << " " << text;
    ASSERT_EQ(fast->offset_us, slow->offset_us) << format << " " << text;
    if (const auto again = FixedWidthDatetime(format).Write(*fast)) {
      PyMoment same;
      same.local_us = fast->micros + fast->offset_us;
      same.zone = fast->offset_us == 0 ? kPyUtc : PyZone{PyZone::Class::kFixed, fast->offset_us};
      ASSERT_EQ(*again, FormatDatetime(same, format));
    }
  }
  EXPECT_GT(read, 1'000);
}

}  // namespace
}  // namespace millrace
