#include "server/config_api/call_probes.h"

#include <gtest/gtest.h>

#include <optional>
#include <thread>
#include <vector>

namespace millrace {
namespace {

class CallProbesTest : public ::testing::Test {
 protected:
  LimitKeeper limits_;
  const ProbeRunner runner_{{}, limits_};
};

TEST_F(CallProbesTest, SoManyAtOnceAndNoMoreThanThat) {
  const CallProbes probes(runner_, std::chrono::milliseconds(1));
  std::vector<CallProbes::Turn> turns;
  for (int i = 0; i < CallProbes::kRunningMax; ++i) turns.push_back(*probes.AwaitTurn());
  const auto one_more = probes.AwaitTurn();
  ASSERT_FALSE(one_more.ok());
  EXPECT_EQ(one_more.status().error().type, FailureType::kTransientError);
  turns.pop_back();
  EXPECT_TRUE(probes.AwaitTurn().ok());
}

TEST_F(CallProbesTest, WhoWaitsGetsTheNextTurn) {
  const CallProbes probes(runner_, std::chrono::minutes(5));
  std::vector<CallProbes::Turn> turns;
  for (int i = 0; i < CallProbes::kRunningMax; ++i) turns.push_back(*probes.AwaitTurn());
  std::vector<std::jthread> waiting;
  for (int i = 0; i < CallProbes::kWaitingMax; ++i) {
    waiting.emplace_back([&probes] { EXPECT_TRUE(probes.AwaitTurn().ok()); });
  }
  turns.clear();
  waiting.clear();
  EXPECT_TRUE(probes.AwaitTurn().ok());
}

}  // namespace
}  // namespace millrace
