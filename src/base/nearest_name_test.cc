#include "base/nearest_name.h"

#include <gtest/gtest.h>

#include <vector>

namespace millrace {
namespace {

TEST(NearestName, FindsWhatWasMeant) {
  const std::vector<std::string> names = {"customer_id", "name", "updated_at"};
  EXPECT_EQ(NearestName("custmer_id", names), "customer_id");
  EXPECT_EQ(NearestName("NAME", names), "name");
  EXPECT_EQ(NearestName("update_at", names), "updated_at");
  EXPECT_EQ(NearestName("price", names), std::nullopt);
  EXPECT_EQ(NearestName("x", {}), std::nullopt);
}

}  // namespace
}  // namespace millrace
