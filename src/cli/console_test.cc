#include "cli/console.h"

#include <gtest/gtest.h>

#include "cli/amount_text.h"

namespace millrace {
namespace {

TEST(Console, WritesControlCharactersOut) {
  EXPECT_EQ(VisibleText("orders"), "orders");
  EXPECT_EQ(VisibleText("a\nb\r\tc"), "a\\nb\\r\\tc");
  EXPECT_EQ(VisibleText("\x1b[31mred\x7f"), "\\x1b[31mred\\x7f");
  EXPECT_EQ(VisibleText("\xC2\x9B"
                        "1m"),
            "\\x9b1m");
  EXPECT_EQ(VisibleText("Straße £5"), "Straße £5");
}

TEST(Console, KeepsEachRowOfATableOnItsLine) {
  const std::string table = FormatTable({{"STREAM", "N"}, {"a\nb", "1"}, {"abcdef", "10"}},
                                        {false, true}, Console::Style{});
  EXPECT_EQ(table, "STREAM   N\na\\nb     1\nabcdef  10\n");
}

TEST(AmountText, KnowsOneFromMany) {
  EXPECT_EQ(CountText(0, "record"), "0 records");
  EXPECT_EQ(CountText(1, "stream"), "1 stream");
  EXPECT_EQ(CountText(1234567, "record"), "1,234,567 records");
}

}  // namespace
}  // namespace millrace
