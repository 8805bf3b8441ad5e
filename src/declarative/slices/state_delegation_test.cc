#include "declarative/slices/state_delegation.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "declarative/jinja/py_json.h"
#include "declarative/slices/slicing_test_environment.h"

namespace millrace {
namespace {

constexpr std::string_view kCursor =
    R"("type": "DatetimeBasedCursor", "datetime_format": "%Y-%m-%d", "start_datetime": "2024-01-01")";

std::string Full() { return R"({"name": "s", "retriever": {}})"; }
std::string Windows(std::string_view field) {
  return fmt::format(
      R"({{"name": "s", "retriever": {{}}, "incremental_sync": {{{}, "cursor_field": "{}"}}}})",
      kCursor, field);
}
std::string Partitions() {
  return fmt::format(
      R"({{"name": "s", "incremental_sync": {{{}, "cursor_field": "u"}}, "retriever": )"
      R"({{"partition_router": {{"type": "ListPartitionRouter", "cursor_field": "p", )"
      R"("values": ["a"]}}}}}})",
      kCursor);
}
std::string Counts() {
  return R"({"name": "s", "retriever": {}, "incremental_sync": )"
         R"({"type": "IncrementingCountCursor", "cursor_field": "u"}})";
}

Result<StateDelegation> Delegate(const std::string& full, const std::string& incremental,
                                 const std::string& state, const std::string& period,
                                 bool in_catalog = true) {
  static const SlicingTestEnvironment environment;
  StreamSlicing slicing;
  slicing.stream = "s";
  slicing.state = *ParsePyJson(state);
  slicing.environment = &environment.environment();
  PyDict stream{{"type", "StateDelegatingStream"},
                {"name", "s"},
                {"full_refresh_stream", *ParsePyJson(full)},
                {"incremental_stream", *ParsePyJson(incremental)}};
  if (!period.empty()) stream.Append("api_retention_period", period);
  return DelegateByState(Component(PyValue(stream), "s"), slicing, in_catalog);
}

struct Row {
  std::string full, incremental, state, period;
  enum { kFull, kFullAnew, kIncremental } reads;
};

// Asked of the CDK at 2024-03-10T12:00:00Z.
TEST(StateDelegationTest, ChoosesAsTheCdkDoes) {
  const std::string mark = R"({"__ab_no_cursor_state_message": true})";
  const std::string of_partitions = R"({"state": {"u": "2024-03-01"}, "states": []})";
  const std::vector<Row> rows = {
      {Full(), Windows("u"), "{}", "", Row::kFull},
      {Full(), Windows("u"), "{}", "P30D", Row::kFull},
      {Full(), Windows("u"), R"({"u": "2024-02-01"})", "", Row::kIncremental},
      {Full(), Windows("u"), R"({"x": 1})", "", Row::kIncremental},
      {Full(), Windows("u"), R"({"u": "2024-03-01"})", "P30D", Row::kIncremental},
      {Full(), Windows("u"), R"({"u": "2024-02-10"})", "P{{ config['days'] }}D", Row::kIncremental},
      {Full(), Windows("u"), R"({"u": "2024-02-09"})", "P30D", Row::kFullAnew},
      {Full(), Windows("u"), R"({"u": "2024-02-08"})", "P{{ config['days'] }}D", Row::kFullAnew},
      {Full(), Windows("u"), R"({"f": "2024-03-01"})", "P30D", Row::kFullAnew},
      {Full(), Windows("u"), mark, "P30D", Row::kIncremental},
      {Full(), Partitions(), R"({"u": "2024-03-01"})", "P1M", Row::kFullAnew},
      {Full(), Partitions(), of_partitions, "P1M", Row::kIncremental},
      {Windows("f"), Windows("u"), R"({"u": "2024-03-01"})", "P1M", Row::kIncremental},
      {Windows("f"), Windows("u"), of_partitions, "P1M", Row::kFullAnew},
      {Windows("f"), Windows("u"), R"({"f": "2024-03-01"})", "P1M", Row::kIncremental},
      {Full(), Counts(), R"({"u": 1})", "", Row::kIncremental},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.state + " " + row.period);
    const Result<StateDelegation> chosen =
        Delegate(row.full, row.incremental, row.state, row.period);
    ASSERT_TRUE(chosen.ok()) << chosen.status().ToString();
    EXPECT_EQ(chosen->stream.path(),
              row.reads == Row::kIncremental ? "s.incremental_stream" : "s.full_refresh_stream");
    EXPECT_EQ(chosen->state_is_forgotten, row.reads == Row::kFullAnew);
  }
}

TEST(StateDelegationTest, LeavesParentsAlone) {
  const Result<StateDelegation> chosen =
      Delegate(Full(), Windows("u"), R"({"u": "2020-01-01"})", "P30D", /*in_catalog=*/false);
  ASSERT_TRUE(chosen.ok());
  EXPECT_EQ(chosen->stream.path(), "s.incremental_stream");
}

TEST(StateDelegationTest, RefusesWhatCannotBeDecided) {
  const std::string state = R"({"u": "2024-03-01"})";
  EXPECT_FALSE(Delegate(Full(), Windows("u"), state, "30 days").ok());
  EXPECT_FALSE(Delegate(Full(), Counts(), R"({"u": 1})", "P30D").ok());
  EXPECT_FALSE(Delegate(R"({"name": "t", "retriever": {}})", Windows("u"), state, "").ok());
}

}  // namespace
}  // namespace millrace
