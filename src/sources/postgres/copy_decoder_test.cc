#include "sources/postgres/copy_decoder.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <gtest/gtest.h>

#include <random>

#include "connector/number_type.h"
#include "sources/postgres/wire_builder.h"

namespace millrace {
namespace {

using W = WireBuilder;

ColumnType Type(WireKind kind, std::shared_ptr<arrow::DataType> arrow, int precision = 0,
                int scale = 0) {
  ColumnType type;
  type.kind = kind;
  type.arrow = std::move(arrow);
  type.precision = precision;
  type.scale = scale;
  return type;
}

ColumnType ListOf(const ColumnType& element) {
  ColumnType type = Type(WireKind::kList, arrow::list(arrow::field("element", element.arrow)));
  type.element = std::make_shared<ColumnType>(element);
  return type;
}

struct Decoded {
  std::vector<ChangeBatch> batches;
  Status status;

  const ChangeBatch& only() const { return batches.at(0); }
  const std::shared_ptr<arrow::Array> column(int i) const { return only().rows->column(i); }
};

Decoded Decode(const std::vector<ColumnType>& types, const std::string& bytes, size_t piece = 1000,
               CopyDecoder::Limits limits = {}, bool validates_utf8 = false) {
  std::vector<RowBatch::Column> columns;
  arrow::FieldVector fields;
  for (const ColumnType& type : types) {
    columns.push_back({fmt::format("c{}", columns.size()), type});
    fields.push_back(arrow::field(columns.back().name, type.arrow));
  }
  const auto schema = arrow::schema(fields);
  RowBatch batch(columns, validates_utf8);
  Decoded decoded;
  CopyDecoder decoder(batch, limits, [&](RowBatch& full) -> Status {
    MR_ASSIGN_OR_RETURN(ChangeBatch made, full.Finish(schema));
    EXPECT_TRUE(made.rows->ValidateFull().ok()) << made.rows->ValidateFull().ToString();
    decoded.batches.push_back(std::move(made));
    return Status::Ok();
  });
  for (size_t at = 0; at < bytes.size() && decoded.status.ok(); at += piece) {
    decoded.status = decoder.Consume(bytes.data() + at, std::min(piece, bytes.size() - at));
  }
  if (decoded.status.ok()) decoded.status = decoder.Finish();
  return decoded;
}

/// One column's one value, as Arrow prints it.
std::string Value(const ColumnType& type, const std::string& wire) {
  const Decoded decoded = Decode({type}, W().Row({wire}).End());
  if (!decoded.status.ok()) return "error";
  if (!decoded.only().changes.empty()) return decoded.only().changes[0].change;
  return (*decoded.column(0)->GetScalar(0))->ToString();
}

TEST(CopyDecoder, DecodesWhateverThePieces) {
  const std::vector<ColumnType> types = {Type(WireKind::kInt4, arrow::int64()),
                                         Type(WireKind::kText, arrow::utf8()),
                                         Type(WireKind::kBool, arrow::boolean())};
  W builder;
  for (int i = 0; i < 50; ++i) {
    builder.Row({W::Int4(i), i % 3 == 0 ? std::nullopt : std::optional(std::string(i, 'x')),
                 std::string(1, i % 2)});
  }
  const auto whole = Decode(types, builder.End(), 1 << 20).only().rows;
  ASSERT_EQ(whole->num_rows(), 50);
  EXPECT_EQ(whole->column(1)->null_count(), 17);
  for (const size_t piece : {1, 2, 5, 17, 64, 333}) {
    const Decoded cut = Decode(types, builder.End(), piece);
    ASSERT_TRUE(cut.status.ok()) << cut.status.ToString();
    EXPECT_TRUE(cut.only().rows->Equals(*whole)) << piece;
  }
}

TEST(CopyDecoder, CutsBatchesByRowsAndByBytes) {
  W builder;
  for (int i = 0; i < 10; ++i) builder.Row({std::string(1000, 'x')});
  CopyDecoder::Limits limits;
  limits.rows_max = 4;
  EXPECT_EQ(
      Decode({Type(WireKind::kText, arrow::utf8())}, builder.End(), 99, limits).batches.size(), 3U);
  limits.rows_max = 1000;
  limits.bytes_max = 5000;
  EXPECT_EQ(
      Decode({Type(WireKind::kText, arrow::utf8())}, builder.End(), 99, limits).batches.size(), 2U);
}

TEST(CopyDecoder, ValidityComesWithTheFirstNullHoweverLate) {
  W builder;
  for (int i = 0; i < 5000; ++i) {
    builder.Row({i == 3333 || i == 4999 ? std::nullopt : std::optional(W::Int8(i)),
                 i == 4000 ? std::nullopt : std::optional(std::string(1, '\1'))});
  }
  const Decoded decoded =
      Decode({Type(WireKind::kInt8, arrow::int64()), Type(WireKind::kBool, arrow::boolean())},
             builder.End());
  ASSERT_TRUE(decoded.status.ok());
  const auto& numbers = static_cast<const arrow::Int64Array&>(*decoded.column(0));
  EXPECT_EQ(numbers.null_count(), 2);
  for (int i = 0; i < 5000; ++i) ASSERT_EQ(numbers.IsNull(i), i == 3333 || i == 4999) << i;
  EXPECT_EQ(numbers.Value(4998), 4998);
  const auto& bits = static_cast<const arrow::BooleanArray&>(*decoded.column(1));
  EXPECT_EQ(bits.true_count(), 4999);
}

TEST(CopyDecoder, NumbersAndTimes) {
  EXPECT_EQ(Value(Type(WireKind::kInt2, arrow::int64()), W::Int2(-5)), "-5");
  EXPECT_EQ(Value(Type(WireKind::kOid, arrow::int64()), W::Int4(-1)), "4294967295");
  EXPECT_EQ(Value(Type(WireKind::kFloat8, arrow::float64()), W::Int8(0x7FF8000000000000)),
            "NULLED");
  EXPECT_EQ(Value(Type(WireKind::kFloat4, arrow::float64()), W::Int4(0x3FC00000)), "1.5");
  const ColumnType date = Type(WireKind::kDate, arrow::date32());
  EXPECT_EQ(Value(date, W::Int4(0)), "2000-01-01");
  EXPECT_EQ(Value(date, W::Int4(INT32_MAX)), "NULLED");
  EXPECT_EQ(Value(date, W::Int4(INT32_MIN)), "NULLED");
  const ColumnType timestamp = Type(WireKind::kTimestamp, arrow::timestamp(arrow::TimeUnit::MICRO));
  EXPECT_EQ(Value(timestamp, W::Int8(1)), "2000-01-01 00:00:00.000001");
  EXPECT_EQ(Value(timestamp, W::Int8(INT64_MAX)), "NULLED");
  EXPECT_EQ(Value(timestamp, W::Int8(9223371331199999999)), "NULLED");  // 294276-12-31
  const ColumnType time = Type(WireKind::kTime, arrow::time64(arrow::TimeUnit::MICRO));
  EXPECT_EQ(Value(time, W::Int8(86399999999)), "23:59:59.999999");
  EXPECT_EQ(Value(time, W::Int8(86400000000)), "NULLED");  // 24:00:00
  EXPECT_EQ(Value(time, W::Int8(-1)), "error");
}

TEST(CopyDecoder, NumericsAreExact) {
  const ColumnType cents = Type(WireKind::kDecimal64, arrow::decimal128(15, 2), 15, 2);
  EXPECT_EQ(Value(cents, W::Numeric({123, 4500}, 0)), "123.45");
  EXPECT_EQ(Value(cents, W::Numeric({1, 0, 5}, 2, 0x4000)), "-100000005.00");
  EXPECT_EQ(Value(cents, W::Numeric({100}, -1)), "0.01");
  EXPECT_EQ(Value(cents, W::Numeric({}, 0)), "0.00");
  EXPECT_EQ(Value(cents, W::Numeric({}, 0, 0xC000)), "NULLED");    // NaN
  EXPECT_EQ(Value(cents, W::Numeric({10}, -1)), "NULLED");         // 0.001 would be rounded
  EXPECT_EQ(Value(cents, W::Numeric({1}, 4)), "NULLED");           // 10^16: too many digits
  EXPECT_EQ(Value(cents, W::Numeric({10000}, 0)), "error");        // no digit
  EXPECT_EQ(Value(cents, W::Numeric({1}, 0, 0x1234)), "error");    // no sign
  EXPECT_EQ(Value(cents, W::Numeric({1}, 0).substr(1)), "error");  // cut
  const ColumnType wide = Type(WireKind::kDecimal128, arrow::decimal128(38, 10), 38, 10);
  EXPECT_EQ(Value(wide, W::Numeric({1234, 5678, 9012, 3456, 7890, 1234, 5678, 1, 2345, 6700}, 6)),
            "1234567890123456789012345678.0001234567");
  const ColumnType widest = Type(WireKind::kDecimal256, arrow::decimal256(76, 0), 76, 0);
  EXPECT_EQ(Value(widest, W::Numeric(std::vector<int16_t>(19, 9999), 18, 0x4000)),
            "-" + std::string(76, '9'));
  EXPECT_EQ(Value(widest, W::Numeric({1}, 18)), "1" + std::string(72, '0'));
  EXPECT_EQ(Value(Type(WireKind::kNumericInt64, arrow::int64(), 18, 0),
                  W::Numeric({99, 9999, 9999, 9999, 9999}, 4)),
            "999999999999999999");
}

TEST(CopyDecoder, UnconstrainedNumericsAreCanonicalText) {
  const ColumnType text = Type(WireKind::kNumericText, arrow::utf8());
  EXPECT_EQ(Value(text, W::Numeric({12, 5000}, 0, 0x4000)), "-12.5");
  EXPECT_EQ(Value(text, W::Numeric({1}, -3)), "0.000000000001");
  EXPECT_EQ(Value(text, W::Numeric({5}, 2)), "500000000");
  EXPECT_EQ(Value(text, W::Numeric({}, 0, 0, 5)), "0");
  EXPECT_EQ(Value(text, W::Numeric({}, 0, 0xD000)), "NULLED");
  EXPECT_EQ(Value(text, W::Numeric({1}, 32767)).size(), 1 + 4 * 32767U);
}

TEST(CopyDecoder, RandomNumericsAgreeWithTheirText) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE(fmt::format("seed {}", seed));
  std::mt19937_64 random(seed);
  const ColumnType decimal = Type(WireKind::kDecimal256, arrow::decimal256(76, 30), 76, 30);
  const ColumnType text = Type(WireKind::kNumericText, arrow::utf8());
  for (int i = 0; i < 2000; ++i) {
    std::vector<int16_t> digits(1 + random() % 15);
    for (int16_t& digit : digits) digit = static_cast<int16_t>(random() % 10000);
    const auto weight = static_cast<int16_t>(static_cast<int>(random() % 18) - 7);
    const std::string wire = W::Numeric(digits, weight, random() % 2 == 0 ? 0 : 0x4000);
    std::string of_decimal = Value(decimal, wire);
    if (of_decimal == "NULLED") continue;  // does not fit
    // "-12.500" → "-12.5"
    of_decimal.erase(of_decimal.find_last_not_of('0') + 1);
    if (of_decimal.back() == '.') of_decimal.pop_back();
    if (of_decimal.find_first_not_of("-0.") == std::string::npos) of_decimal = "0";
    if (of_decimal.find('E') != std::string::npos) continue;  // Arrow's form of small numbers
    EXPECT_EQ(of_decimal, Value(text, wire));
  }
}

TEST(CopyDecoder, NumericsOfFewDigitsAreThoseOfMany) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE(fmt::format("seed {}", seed));
  std::mt19937_64 random(seed);
  for (int i = 0; i < 4000; ++i) {
    const int precision = 1 + static_cast<int>(random() % 18);
    const int scale = static_cast<int>(random() % static_cast<uint64_t>(precision + 1));
    std::vector<int16_t> digits(random() % 5);
    for (int16_t& digit : digits) {
      digit = static_cast<int16_t>(random() % 3 == 0 ? random() % 100 * 100 : random() % 10000);
    }
    const auto weight = static_cast<int16_t>(static_cast<int>(random() % 7) - 3);
    const std::string wire = W::Numeric(digits, weight, random() % 2 == 0 ? 0 : 0x4000);
    const auto type = arrow::decimal128(precision, scale);
    EXPECT_EQ(Value(Type(WireKind::kDecimal64, type, precision, scale), wire),
              Value(Type(WireKind::kDecimal128, type, precision, scale), wire));
  }
}

TEST(CopyDecoder, ChangesComeInTheOrderOfRows) {
  const ColumnType number = Type(WireKind::kFloat8, arrow::float64());
  const std::string nan = W::Int8(0x7FF8000000000000);
  W builder;
  for (int row = 0; row < 6; ++row) {
    builder.Row({row % 2 == 0 ? nan : W::Int8(0), row % 3 == 0 ? nan : W::Int8(0)});
  }
  const Decoded decoded = Decode({number, number}, builder.End());
  ASSERT_TRUE(decoded.status.ok());
  std::string changes;
  for (const FieldChange& change : decoded.only().changes) {
    changes += fmt::format("{}{} ", change.field, change.row);
  }
  EXPECT_EQ(changes, "c00 c10 c02 c13 c04 ");
}

TEST(CopyDecoder, TextForms) {
  EXPECT_EQ(Value(Type(WireKind::kUuid, arrow::utf8()),
                  std::string("\xa0\xee\xbc\x99\x9c\x0b\x4e\xf8\xbb\x6d\x6b\xb9\xbd\x38\x0a\x11")),
            "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11");
  const ColumnType inet = Type(WireKind::kInet, arrow::utf8());
  EXPECT_EQ(Value(inet, std::string("\2\x20\0\4\xc0\xa8\0\1", 8)), "192.168.0.1");
  EXPECT_EQ(Value(inet, std::string("\2\x08\1\4\x0a\0\0\0", 8)), "10.0.0.0/8");
  EXPECT_EQ(Value(inet, std::string("\3\x80\0\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 20)), "::1");
  EXPECT_EQ(Value(inet, std::string("\2\x21\0\4\xc0\xa8\0\1", 8)), "error");
  EXPECT_EQ(Value(Type(WireKind::kJsonb, arrow::utf8()), "\1{}"), "{}");
  EXPECT_EQ(Value(Type(WireKind::kJsonb, arrow::utf8()), "\2{}"), "error");
}

TEST(CopyDecoder, BytesThatAreNotUtf8AreNulledWhereTheServerMaySendThem) {
  const auto decode = [](const std::string& text) {
    const Decoded decoded =
        Decode({Type(WireKind::kText, arrow::utf8())}, W().Row({text}).End(), 1000, {}, true);
    return decoded.only().changes.empty();
  };
  for (const char* good : {"", "a", "é", "€", "🎈", "\x7F"}) EXPECT_TRUE(decode(good)) << good;
  for (const char* bad : {"\x80", "\xC0\x80", "\xE2\x82", "\xED\xA0\x80", "\xF5\x80\x80\x80"}) {
    EXPECT_FALSE(decode(bad));
  }
}

TEST(CopyDecoder, Lists) {
  const ColumnType list = ListOf(Type(WireKind::kInt4, arrow::int64()));
  const Decoded decoded =
      Decode({list}, W().Row({W::List(23, {3}, {W::Int4(1), std::nullopt, W::Int4(3)})})
                         .Row({std::nullopt})
                         .Row({W::List(23, {}, {})})
                         .Row({W::List(23, {2, 1}, {W::Int4(4), W::Int4(5)})})
                         .End());
  ASSERT_TRUE(decoded.status.ok()) << decoded.status.ToString();
  const auto& lists = static_cast<const arrow::ListArray&>(*decoded.column(0));
  EXPECT_EQ(lists.value_length(0), 3);
  EXPECT_TRUE(lists.IsNull(1));
  EXPECT_EQ(lists.value_length(2), 0);
  EXPECT_EQ(lists.value_length(3), 2);
  EXPECT_EQ(lists.values()->null_count(), 1);
  // Two dimensions became one: said, not silent.
  ASSERT_EQ(decoded.only().changes.size(), 1U);
  EXPECT_EQ(decoded.only().changes[0].row, 3);
  EXPECT_EQ(decoded.only().changes[0].change, "TRUNCATED");
  const std::string good = W::List(23, {2}, {W::Int4(1), W::Int4(2)});
  EXPECT_EQ(Value(list, good.substr(0, good.size() - 1)), "error");
  EXPECT_EQ(Value(list, good + "x"), "error");
  EXPECT_EQ(Value(list, W::List(23, {2147483647, 2147483647}, {})), "error");
  EXPECT_EQ(Value(list, W::List(23, {-1}, {})), "error");
}

TEST(CopyDecoder, SaysWhatIsWrong) {
  const std::vector<ColumnType> types = {Type(WireKind::kInt4, arrow::int64())};
  const auto message = [&](const std::string& bytes) {
    return Decode(types, bytes).status.ToString();
  };
  EXPECT_NE(message("not a copy at all, for sure").find("does not start"), std::string::npos);
  EXPECT_NE(message(W().Row({W::Int4(1), W::Int4(2)}).End()).find("2 fields instead of 1"),
            std::string::npos);
  EXPECT_NE(message(W().Row({W::Int4(1)}).bytes()).find("in the middle of row 2"),
            std::string::npos);
  EXPECT_NE(message(W().Row({W::Int8(1)}).End()).find("column c0: the server sent 8 bytes"),
            std::string::npos);
  EXPECT_NE(message(W().End() + "x").find("follow the end"), std::string::npos);
  EXPECT_NE(message(W().bytes() + W::Int2(1) + W::Int4(-2)).find("the size -2"), std::string::npos);
}

}  // namespace
}  // namespace millrace
