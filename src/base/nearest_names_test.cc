#include "base/nearest_names.h"

#include <gmock/gmock.h>

namespace millrace {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(NearestNames, FindsTyposSwapsAndParts) {
  EXPECT_THAT(NearestNames("custmers", {"orders", "customers"}), ElementsAre("customers"));
  EXPECT_THAT(NearestNames("tpye", {"type", "config"}), ElementsAre("type"));
  EXPECT_THAT(NearestNames("Postgres", {"source-mysql", "source-postgres"}),
              ElementsAre("source-postgres"));
}

TEST(NearestNames, OffersNothingWhenNothingIsNear) {
  EXPECT_THAT(NearestNames("xyzzy", {"orders", "customers"}), IsEmpty());
  EXPECT_EQ(DidYouMean("xyzzy", {"orders"}), "");
  EXPECT_THAT(NearestNames("", {"a", "orders"}), ElementsAre("a"));
}

TEST(NearestNames, WordsTheirOffer) {
  EXPECT_EQ(DidYouMean("nam", {"name"}), "; did you mean name?");
  EXPECT_EQ(DidYouMean("tab0", {"tab1", "tab2", "tab3"}), "; did you mean tab1, tab2 or tab3?");
}

}  // namespace
}  // namespace millrace
