#include "destinations/dev_null/column_sums.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gtest/gtest.h>

#include "formats/json_batch_decoder.h"

namespace millrace {
namespace {

const arrow::FieldVector kFields = {
    arrow::field("id", arrow::int64()),
    arrow::field("name", arrow::utf8()),
    arrow::field("on", arrow::boolean()),
    arrow::field("at", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")),
    arrow::field("tags", arrow::list(arrow::utf8())),
    arrow::field("place", arrow::struct_({arrow::field("zip", arrow::int64())}))};

std::string SumsOf(const std::vector<std::vector<std::string>>& batches) {
  ColumnSums sums;
  for (const auto& rows : batches) {
    auto decoder = *JsonBatchDecoder::Make(arrow::schema(kFields));
    for (const std::string& row : rows) EXPECT_TRUE(decoder->Append(row).ok()) << row;
    sums.Add(*decoder->Finish()->rows);
  }
  return sums.ToString();
}

const std::string kOne =
    R"({"id":1,"name":"a fairly long name","on":true,"at":"2024-01-02T03:04:05Z","tags":["x"],"place":{"zip":5}})";
const std::string kTwo = R"({"id":2,"name":"b","tags":[]})";

TEST(ColumnSums, OrderAndBatchesMakeNoDifference) {
  const std::string sums = SumsOf({{kOne, kTwo}});
  EXPECT_EQ(SumsOf({{kTwo, kOne}}), sums);
  EXPECT_EQ(SumsOf({{kTwo}, {kOne}}), sums);
  EXPECT_NE(SumsOf({{kOne}}), sums);
}

TEST(ColumnSums, EveryValueMatters) {
  const std::string sums = SumsOf({{kOne}});
  for (const auto& [from, to] :
       std::vector<std::pair<std::string, std::string>>{{"1,", "3,"},
                                                        {"long name", "long namf"},
                                                        {"a fairly", "b fairly"},
                                                        {"true", "false"},
                                                        {"05Z", "06Z"},
                                                        {"[\"x\"]", "[\"y\"]"},
                                                        {"[\"x\"]", "[\"x\",\"x\"]"},
                                                        {"[\"x\"]", "null"},
                                                        {"{\"zip\":5}", "{\"zip\":6}"},
                                                        {"{\"zip\":5}", "null"}}) {
    std::string row = kOne;
    row.replace(row.find(from), from.size(), to);
    EXPECT_NE(SumsOf({{row}}), sums) << row;
  }
}

}  // namespace
}  // namespace millrace
