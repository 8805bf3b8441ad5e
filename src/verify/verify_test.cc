#include <arrow/array.h>
#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_decimal.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "connector/number_type.h"
#include "verify/checksums.h"
#include "verify/json_hash.h"
#include "verify/number_hash.h"
#include "verify/row_match.h"

namespace millrace {
namespace {

using testing::ElementsAre;

TEST(NumberHashTest, OneValueHasOneHashInEveryType) {
  for (const char* text : {"1250", "1250.00", "+1.25e3", "125E1", "0001250", "1250."}) {
    EXPECT_EQ(HashNumberText(text), HashInteger(1250)) << text;
  }
  EXPECT_EQ(HashDecimal(125000, 2), HashInteger(1250));
  EXPECT_EQ(HashDecimal(Int128{1250} * 1'000'000'000'000'000'000 * 1'000'000'000'000, 30),
            HashInteger(1250));
  EXPECT_EQ(HashDouble(1250), HashInteger(1250));
  EXPECT_EQ(HashDouble(0.1), HashDecimal(1, 1));
  EXPECT_EQ(HashDouble(-1.5e300), HashNumberText("-15e299"));
  EXPECT_EQ(HashNumberText("-0.000"), HashInteger(0));
  EXPECT_EQ(HashInteger(INT64_MIN), HashNumberText("-9223372036854775808"));
  EXPECT_EQ(HashNumberText("1" + std::string(60, '0')), HashNumberText("1e60"));
  const std::string fifty = "12345678901234567890123456789012345678901234567891";
  EXPECT_EQ(HashNumberText(fifty + ".0"), HashNumberText(fifty + "0e-1"));
  for (const char* text : {"", "-", ".", "1e", "1x", "e5", "1e99999999999999999999"}) {
    EXPECT_FALSE(HashNumberText(text)) << text;
  }
}

TEST(NumberHashTest, NeighboursDiffer) {
  EXPECT_NE(HashInteger(1), HashInteger(-1));
  EXPECT_NE(HashInteger(10), HashInteger(100));
  EXPECT_NE(HashDecimal(1, 1), HashDecimal(1, 2));
  EXPECT_NE(HashDouble(std::nextafter(0.1, 1)), HashDouble(0.1));
  EXPECT_NE(HashNumberText("12345678901234567890123456789012345678901234567891"),
            HashNumberText("12345678901234567890123456789012345678901234567892"));
  EXPECT_NE(HashDouble(INFINITY), HashDouble(-INFINITY));
}

TEST(JsonHashTest, OnlyTheMeaningCounts) {
  const uint64_t hash = HashJson(R"({"a": [1, 2.50, "xé"], "b": {"c": null}})");
  EXPECT_EQ(HashJson(R"({"b":{"c":null},"a":[1.0,2.5,"x\u00e9"]})"), hash);
  EXPECT_EQ(HashJson(R"({"a": 0, "b": {"c": null}, "a": [1, 25e-1, "xé"]})"), hash);
  for (const char* other :
       {R"({"a": [2.5, 1, "xé"], "b": {"c": null}})", R"({"a": [1, 2.5, "xé"], "b": {}})",
        R"({"a": ["1", 2.5, "xé"], "b": {"c": null}})", R"({"a": [1, 2.5, "xé"]})", "[]", ""}) {
    EXPECT_NE(HashJson(other), hash) << other;
  }
  EXPECT_NE(HashJson("{"), HashJson("["));
  EXPECT_NE(HashJson("[]"), HashJson("{}"));
  EXPECT_NE(HashJson("[[1],2]"), HashJson("[1,[2]]"));
  EXPECT_NE(HashJson("123456789012345678901234567890"), HashJson("123456789012345678901234567891"));
}

std::shared_ptr<arrow::Array> Texts(const std::vector<std::string>& values,
                                    const std::shared_ptr<arrow::DataType>& type = nullptr) {
  arrow::StringBuilder builder;
  for (const std::string& value : values) EXPECT_TRUE(builder.Append(value).ok());
  auto texts = builder.Finish().ValueOrDie();
  if (type == nullptr) return texts;
  auto data = texts->data()->Copy();
  data->type = type;
  return arrow::MakeArray(data);
}

template <typename Builder, typename... Args>
std::shared_ptr<arrow::Array> Values(const auto& values, Args... args) {
  Builder builder(args...);
  for (const auto& value : values) EXPECT_TRUE(builder.Append(value).ok());
  return builder.Finish().ValueOrDie();
}

std::vector<uint64_t> Hashes(const std::shared_ptr<arrow::Array>& array, ValueKind kind) {
  std::vector<uint64_t> hashes;
  HashValues(*array, kind, &hashes);
  return hashes;
}

TEST(ValueHashTest, WhatDestinationsMakeOfTypesIsTheSame) {
  using Stamps = arrow::TimestampBuilder;
  const auto pool = arrow::default_memory_pool();
  const auto micros = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  const auto millis = arrow::timestamp(arrow::TimeUnit::MILLI, "UTC");
  EXPECT_EQ(
      Hashes(Values<Stamps>(std::vector<int64_t>{1'500'000}, micros, pool), ValueKind::kTimestamp),
      Hashes(Values<Stamps>(std::vector<int64_t>{1'500}, millis, pool), ValueKind::kTimestamp));
  EXPECT_EQ(
      Hashes(Texts({"1970-01-01T00:00:01.5Z"}), ValueKind::kTimestamp),
      Hashes(Values<Stamps>(std::vector<int64_t>{1'500}, millis, pool), ValueKind::kTimestamp));
  EXPECT_EQ(Hashes(Texts({"0.1", "12"}, number()), ValueKind::kNumber),
            Hashes(Values<arrow::DoubleBuilder>(std::vector<double>{0.1, 12}), ValueKind::kNumber));
  EXPECT_EQ(Hashes(Texts({"true"}), ValueKind::kBoolean),
            Hashes(Values<arrow::BooleanBuilder>(std::vector<bool>{true}), ValueKind::kBoolean));
  EXPECT_EQ(Hashes(Texts({"{\"a\":1}"}, json_text()), ValueKind::kJson),
            Hashes(Texts({"{ \"a\" : 1.0 }"}), ValueKind::kJson));
  EXPECT_NE(Hashes(Texts({"1"}), ValueKind::kText), Hashes(Texts({"1.0"}), ValueKind::kText));
  EXPECT_NE(Hashes(Texts({""}), ValueKind::kText),
            Hashes(arrow::MakeArrayOfNull(arrow::utf8(), 1).ValueOrDie(), ValueKind::kText));
}

TEST(ValueHashTest, OneBitOfOneDecimalShows) {
  const auto type = arrow::decimal128(12, 2);
  std::mt19937 random(7);
  for (int i = 0; i < 100; ++i) {
    const int64_t value = static_cast<int64_t>(random()) * (i % 2 == 0 ? 1 : -1);
    const int64_t flipped = value ^ (int64_t{1} << (random() % 31));
    const auto one = Values<arrow::Decimal128Builder>(
        std::vector<arrow::Decimal128>{arrow::Decimal128(value)}, type);
    const auto other = Values<arrow::Decimal128Builder>(
        std::vector<arrow::Decimal128>{arrow::Decimal128(flipped)}, type);
    EXPECT_NE(Hashes(one, ValueKind::kNumber), Hashes(other, ValueKind::kNumber)) << value;
  }
}

TEST(RangeSumsTest, RangesWidenAndKeepTheirSums) {
  std::mt19937_64 random(11);
  RangeSums one(2), two(2), all(2);
  constexpr int kRows = 20'000;
  for (int i = 0; i < kRows; ++i) {
    const int64_t place =
        i % 100 == 0 ? static_cast<int64_t>(random()) : static_cast<int64_t>(random() % 100'000);
    const uint64_t value = random();
    for (RangeSums* sums : {i % 2 == 0 ? &one : &two, &all}) {
      RangeSums::Range& range = sums->At(place);
      ++range.rows;
      range.columns[0] += value;
      range.columns[1] += 1;
    }
  }
  one.Merge(two);
  const int width = std::max(one.width_log2(), all.width_log2());
  one.Widen(width);
  all.Widen(width);
  const auto merged = one.Sorted(), expected = all.Sorted();
  ASSERT_EQ(merged.size(), expected.size());
  EXPECT_LE(merged.size(), 1024U);
  int64_t rows = 0;
  for (const auto& [number, range] : expected) {
    EXPECT_EQ(merged.at(number).rows, range.rows);
    EXPECT_EQ(merged.at(number).columns, range.columns);
    rows += range.rows;
  }
  EXPECT_EQ(rows, kRows);
}

/// Two columns, the first is the key.
ComparePlan KeyedPlan() {
  ComparePlan plan;
  plan.columns = {{"id", "id", ValueKind::kNumber}, {"v", "v", ValueKind::kNumber}};
  plan.key = {0};
  plan.ranged = true;
  return plan;
}

Checksums SumsOf(const ComparePlan& plan, const std::vector<int64_t>& ids,
                 const std::vector<int64_t>& values) {
  const auto schema =
      arrow::schema({arrow::field("id", arrow::int64()), arrow::field("v", arrow::int64())});
  const auto batch = arrow::RecordBatch::Make(
      schema, static_cast<int64_t>(ids.size()),
      {Values<arrow::Int64Builder>(ids), Values<arrow::Int64Builder>(values)});
  RowDigests digests;
  RowDigester(plan, RowDigester::Side::kSource).Digest(*batch, &digests);
  Checksums sums(plan);
  for (size_t row = 0; row < ids.size(); ++row) sums.Add(digests, row);
  return sums;
}

TEST(ChecksumsTest, OrderMakesNoDifferenceValuesDo) {
  const ComparePlan plan = KeyedPlan();
  Checksums one = SumsOf(plan, {1, 2, 3}, {10, 20, 30});
  EXPECT_EQ(one.buckets(), SumsOf(plan, {3, 1, 2}, {30, 10, 20}).buckets());
  const Checksums changed = SumsOf(plan, {1, 2, 3}, {10, 20, 31});
  EXPECT_NE(one.buckets(), changed.buckets());
  EXPECT_EQ(one.columns()[0], changed.columns()[0]);
  EXPECT_NE(one.columns()[1], changed.columns()[1]);
  const Checksums exchanged = SumsOf(plan, {1, 2, 3}, {20, 10, 30});
  EXPECT_NE(one.buckets(), exchanged.buckets());
  EXPECT_NE(one.columns()[1], exchanged.columns()[1]);
  EXPECT_NE(one.buckets(), SumsOf(plan, {1, 2, 3, 3}, {10, 20, 30, 30}).buckets());
}

struct Match {
  MatchCounts counts;
  MatchSamples samples;
};
Match MatchOf(TableMeaning meaning, std::vector<RowMark> source, std::vector<RowMark> destination) {
  Match match;
  MatchRows(meaning, &source, &destination, 20, &match.counts, &match.samples);
  return match;
}

TEST(RowMatchTest, AMirrorHasTheSameRows) {
  const auto match = MatchOf(TableMeaning::kMirror, {{1, 1}, {2, 2}, {3, 3}, {5, 5}},
                             {{4, 4}, {3, 33}, {2, 2}, {5, 5}, {5, 5}});
  EXPECT_EQ(match.counts.missing, 1);
  EXPECT_EQ(match.counts.different, 1);
  EXPECT_EQ(match.counts.extra, 1);
  EXPECT_EQ(match.counts.doubled, 1);
  EXPECT_THAT(match.samples.missing, ElementsAre(1));
  EXPECT_THAT(match.samples.different, ElementsAre(3));
  EXPECT_THAT(match.samples.extra, ElementsAre(4));
  EXPECT_THAT(match.samples.doubled, ElementsAre(5));
}

TEST(RowMatchTest, AHistoryHoldsOlderVersions) {
  const auto match = MatchOf(TableMeaning::kHistory, {{1, 3}, {2, 9}, {3, 1}, {6, 6}},
                             {{1, 1}, {1, 2}, {1, 3}, {2, 8}, {4, 4}, {6, 6}, {6, 6}});
  EXPECT_EQ(match.counts.older, 3);  // 1: two, 2: one
  EXPECT_EQ(match.counts.different, 1);
  EXPECT_EQ(match.counts.missing, 1);
  EXPECT_EQ(match.counts.extra, 1);
  EXPECT_EQ(match.counts.doubled, 1);
}

TEST(RowMatchTest, CopiesMayBeManyButNotStale) {
  const auto match =
      MatchOf(TableMeaning::kCopies, {{1, 1}, {2, 2}}, {{1, 1}, {1, 1}, {2, 8}, {2, 8}, {4, 4}});
  EXPECT_EQ(match.counts.different, 1);
  EXPECT_EQ(match.counts.missing + match.counts.extra + match.counts.doubled, 0);
}

TEST(CursorBoundTest, RowsBeyondTheCursorAreTold) {
  const auto bound = CursorBound::Parse("2025-01-01 00:00:00.000001+00", ValueKind::kTimestamp);
  ASSERT_TRUE(bound);
  arrow::TimestampBuilder builder(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"),
                                  arrow::default_memory_pool());
  const int64_t saved = 1735689600000001;
  for (const int64_t at : {saved - 1, saved, saved + 1}) ASSERT_TRUE(builder.Append(at).ok());
  ASSERT_TRUE(builder.AppendNull().ok());
  std::vector<CursorSide> sides;
  bound->Compare(*builder.Finish().ValueOrDie(), &sides);
  EXPECT_THAT(sides, ElementsAre(CursorSide::kWithin, CursorSide::kWithin, CursorSide::kBeyond,
                                 CursorSide::kNull));
  EXPECT_FALSE(CursorBound::Parse("abc", ValueKind::kText));
  EXPECT_FALSE(CursorBound::Parse("NaN", ValueKind::kNumber));
}

}  // namespace
}  // namespace millrace
