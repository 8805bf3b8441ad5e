#include "declarative/slices/state_in.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "declarative/jinja/py_operators.h"

namespace millrace {
namespace {

Result<std::map<std::string, PyValue>> States(const char* text) {
  MR_ASSIGN_OR_RETURN(const State state, StateFromJson(Json::parse(text)));
  return StatesByStream(state);
}

TEST(StateInTest, HandsOutStatesByStream) {
  const auto states = States(R"([
      {"type": "STREAM", "stream": {"stream_descriptor": {"name": "a"},
       "stream_state": {"u": "2024-03-01", "n": 1.0, "deep": [{"x": null}]}}},
      {"type": "STREAM", "stream": {"stream_descriptor": {"name": "empty"}, "stream_state": {}}},
      {"type": "STREAM", "stream": {"stream_descriptor": {"name": "none"}}},
      {"type": "STREAM", "stream": {"stream_descriptor": {"name": "b", "namespace": "other"},
       "stream_state": {"u": 1}}}])");
  ASSERT_TRUE(states.ok()) << states.status().ToString();
  ASSERT_EQ(states->size(), 1u);
  EXPECT_EQ(PyRepr(states->at("a")), "{'u': '2024-03-01', 'n': 1.0, 'deep': [{'x': None}]}");
}

TEST(StateInTest, TakesAGlobalStateThatSharesNothing) {
  const auto states = States(R"([{"type": "GLOBAL", "global": {"stream_states": [
      {"stream_descriptor": {"name": "a"}, "stream_state": {"u": 1}}]}}])");
  ASSERT_TRUE(states.ok()) << states.status().ToString();
  EXPECT_EQ(PyRepr(states->at("a")), "{'u': 1}");
}

TEST(StateInTest, RefusesASharedState) {
  EXPECT_FALSE(States(R"([{"type": "GLOBAL", "global": {"shared_state": {"lsn": 1},
      "stream_states": []}}])")
                   .ok());
}

}  // namespace
}  // namespace millrace
