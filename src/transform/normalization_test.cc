#include <arrow/array.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "connector/json_schema.h"
#include "connector/number_type.h"
#include "formats/json_batch_decoder.h"
#include "formats/json_encoder.h"
#include "transform/output_transform.h"

namespace millrace {
namespace {

class FixedClock : public Clock {
 public:
  SteadyTime Now() const override { return {}; }
  WallTime WallNow() const override {
    return WallTime(std::chrono::milliseconds(1'700'000'000'123));
  }
};

std::shared_ptr<arrow::Field> Text(const char* name) { return arrow::field(name, arrow::utf8()); }

std::shared_ptr<arrow::Field> Objects(const char* name, arrow::FieldVector fields) {
  return arrow::field(name, arrow::list(arrow::struct_(std::move(fields))));
}

const auto kSchema =
    arrow::schema({arrow::field("id", arrow::int64()), Text("name"),
                   arrow::field("contact", arrow::struct_({Text("email"), Text("phone")})),
                   Objects("addresses", {Text("type"), Text("city"),
                                         Objects("rooms", {arrow::field("no", arrow::int64())})}),
                   arrow::field("tags", arrow::list(arrow::utf8()))});

constexpr const char* kHashid = "_airbyte_pg_customers_hashid";
constexpr std::string_view kHashidOfOne = "11a37c32f816cec4e4e5ad4a1b2691b8";

using Values = std::vector<std::string>;

/// A column's values as JSON.
Values Column(const ChangeBatch& batch, const std::string& name) {
  EXPECT_TRUE(batch.rows->ValidateFull().ok()) << batch.rows->ValidateFull().ToString();
  const auto column = batch.rows->GetColumnByName(name);
  Values values;
  for (int64_t i = 0; column != nullptr && i < batch.num_rows(); ++i) {
    AppendJsonValue(*column, i, values.emplace_back());
  }
  return values;
}

/// The numbers of the parents' changes, and which sets are empty.
Values Changes(const ChangeBatch& batch) {
  Values changes;
  if (batch.replaces == nullptr) return changes;
  EXPECT_EQ(batch.replaces->change->length(), batch.num_rows());
  for (int64_t i = 0; i < batch.num_rows(); ++i) {
    changes.push_back(std::to_string(batch.replaces->change->Value(i)) +
                      (batch.replaces->empty->Value(i) ? " empty" : ""));
  }
  return changes;
}

class NormalizationTest : public testing::Test {
 protected:
  NormalizationTest() {
    stream_.stream.descriptor = {"customers", "shop"};
    stream_.destination = {"pg_customers", "lake"};
    stream_.stream.json_schema = JsonSchemaOf(*kSchema);
    stream_.primary_key = {{"id"}};
    stream_.destination_sync_mode = DestinationSyncMode::kAppendDedup;
  }

  Result<std::vector<StreamOutputs>> Plan(const std::vector<ConfiguredStream>& streams) {
    return PlanOutputs(ConfiguredCatalog{streams}, options_);
  }

  /// The batches of every output for rows given as JSON in this schema.
  std::vector<ChangeBatch> Apply(const std::vector<std::string>& rows, SchemaPtr schema = kSchema,
                                 UnchangedMask unchanged = {}) {
    outputs_ = (*Plan({stream_})).front();
    auto transform =
        OutputTransform::Make(outputs_, schema, metadata_, clock_, MissingFields::kRefuse);
    EXPECT_TRUE(transform.ok()) << transform.status().ToString();
    auto decoder = *JsonBatchDecoder::Make(schema);
    for (const auto& row : rows) EXPECT_TRUE(decoder->Append(row).ok()) << row;
    ChangeBatch batch = *decoder->Finish();
    batch.unchanged = std::move(unchanged);
    auto applied = (*transform)->Apply(std::move(batch), first_row_);
    EXPECT_TRUE(applied.ok()) << applied.status().ToString();
    changed_ = (*transform)->values_changed();
    for (size_t i = 0; i < applied->size(); ++i) {
      if ((*applied)[i].rows == nullptr) continue;
      EXPECT_TRUE((*applied)[i].rows->schema()->Equals(*(*transform)->schemas()[i]));
    }
    return *std::move(applied);
  }

  Values Names() const {
    Values names;
    for (const auto& stream : outputs_.streams) names.push_back(stream.destination.name);
    return names;
  }

  ConfiguredStream stream_;
  NormalizationOptions options_{true, false};
  MetadataMode metadata_ = MetadataMode::kNone;
  FixedClock clock_;
  StreamOutputs outputs_;
  int64_t first_row_ = 0;
  int64_t changed_ = 0;
};

TEST_F(NormalizationTest, DerivesTablesFromTheDeclaredSchema) {
  options_.raw_tables = true;
  stream_.generation_id = 4;
  const auto outputs = *Plan({stream_});
  const auto& streams = outputs.front().streams;
  ASSERT_EQ(streams.size(), 4u);
  EXPECT_EQ(streams[1].descriptor().ToString(), "shop.customers_addresses");
  EXPECT_EQ(streams[1].destination.ToString(), "lake.pg_customers_addresses");
  EXPECT_EQ(streams[1].derived_from, stream_.descriptor());
  EXPECT_EQ(streams[1].replace_by, (Values{"_airbyte_pg_customers_hashid"}));
  EXPECT_TRUE(streams[1].primary_key.empty());
  EXPECT_EQ(streams[1].generation_id, 4);
  EXPECT_EQ(streams[2].destination.name, "pg_customers_addresses_rooms");
  EXPECT_EQ(streams[3].destination.name, "_airbyte_raw_pg_customers");
  EXPECT_EQ(streams[3].destination_sync_mode, DestinationSyncMode::kAppend);
  Values columns;
  for (const auto& [name, unused] : (*streams[0].stream.json_schema)["properties"].items()) {
    columns.push_back(name);
  }
  EXPECT_EQ(columns, (Values{"_airbyte_pg_customers_hashid", "id", "name", "contact_email",
                             "contact_phone", "tags"}));
  EXPECT_EQ((*streams[1].stream.json_schema)["properties"]["city"], JsonSchemaOf(*arrow::utf8()));
}

TEST_F(NormalizationTest, KeysAndCursorsInsideObjectsBecomeColumns) {
  stream_.primary_key = {{"contact", "email"}};
  stream_.cursor_field = {"contact", "phone"};
  const auto outputs = *Plan({stream_});
  EXPECT_EQ(outputs[0].table().primary_key, (std::vector<FieldPath>{{"contact_email"}}));
  EXPECT_EQ(outputs[0].table().cursor_field, (FieldPath{"contact_phone"}));
}

TEST_F(NormalizationTest, RefusesTablesOfOneName) {
  ConfiguredStream other = stream_;
  other.stream.descriptor = {"customers_addresses", "shop"};
  other.destination = {"pg_customers_addresses", "lake"};
  other.stream.json_schema = Json::object();
  const Status refused = Plan({other, stream_}).status();
  ASSERT_TRUE(refused.failed());
  EXPECT_EQ(refused.error().type, FailureType::kConfigError);
  EXPECT_TRUE(refused.error().message.starts_with(
      "the table of the stream shop.customers_addresses and the table pg_customers_addresses "
      "derived from the stream shop.customers would have one name, lake.pg_customers_addresses; "))
      << refused.ToString();
}

TEST_F(NormalizationTest, FlattensWithoutClashes) {
  const auto plan = PlanTable(
      {arrow::field("a",
                    arrow::struct_({Text("b"), Text("c"),
                                    arrow::field("d", arrow::struct_({Text("e")}), false)}),
                    false),
       Text("a_c"), arrow::field("a_d", arrow::struct_({Text("e")}))},
      nullptr);
  Values names;
  for (const auto& column : plan.columns) names.push_back(column.field->name());
  EXPECT_EQ(names, (Values{"a_b", "a_c_2", "a_d_e", "a_c", "a_d_e_2"}));
}

TEST_F(NormalizationTest, MakesFlatRowsAndSetsOfChildren) {
  first_row_ = 100;
  const auto batches = Apply({
      R"({"id": 1, "name": "Acme", "contact": {"email": "i@acme"}, "tags": ["x"], "addresses":
          [{"type": "billing", "city": "NY", "rooms": [{"no": 1}, {"no": 2}]}, {"type": "ship"}]})",
      R"({"id": 2, "addresses": []})",
      R"({"id": 3, "addresses": null})",
      R"({"id": 1, "contact": {"phone": "1"}, "addresses": [{"city": "LA", "rooms": [{"no": 3}]}]})",
  });
  EXPECT_EQ(Names(),
            (Values{"pg_customers", "pg_customers_addresses", "pg_customers_addresses_rooms"}));
  EXPECT_EQ(batches[0].rows->schema()->field_names(),
            (Values{"_airbyte_normalized_at", kHashid, "id", "name", "contact_email",
                    "contact_phone", "tags"}));
  EXPECT_EQ(Column(batches[0], "contact_email"), (Values{"\"i@acme\"", "null", "null", "null"}));
  EXPECT_EQ(Column(batches[0], "contact_phone"), (Values{"null", "null", "null", "\"1\""}));
  EXPECT_EQ(Column(batches[0], "tags")[0], "[\"x\"]");
  const Values parents = Column(batches[0], kHashid);
  EXPECT_EQ(parents[0], parents[3]) << "the same key";
  EXPECT_NE(parents[0], parents[1]);
  EXPECT_EQ(parents[0].size(), 34u);

  const ChangeBatch& addresses = batches[1];
  EXPECT_EQ(Column(addresses, kHashid),
            (Values{parents[0], parents[0], parents[1], parents[2], parents[3]}));
  EXPECT_EQ(Column(addresses, "city"), (Values{"\"NY\"", "null", "null", "null", "\"LA\""}));
  EXPECT_EQ(Column(addresses, "type"), (Values{"\"billing\"", "\"ship\"", "null", "null", "null"}));
  EXPECT_EQ(Changes(addresses), (Values{"100", "100", "101 empty", "102 empty", "103"}));

  const ChangeBatch& rooms = batches[2];
  EXPECT_EQ(Column(rooms, "no"), (Values{"1", "2", "null", "null", "3"}));
  EXPECT_EQ(Column(rooms, kHashid), Column(addresses, kHashid));
  EXPECT_EQ(Changes(rooms), (Values{"100", "100", "101 empty", "102 empty", "103"}));
  const Values of = Column(addresses, "_airbyte_addresses_hashid");
  EXPECT_EQ(Column(rooms, "_airbyte_addresses_hashid"),
            (Values{of[0], of[0], "null", "null", of[4]}));
  EXPECT_NE(of[0], of[1]);
}

TEST_F(NormalizationTest, AppendedRowsHaveHashidsOfTheirOwnAndNoSets) {
  stream_.destination_sync_mode = DestinationSyncMode::kAppend;
  metadata_ = MetadataMode::kCurrent;
  const auto batches = Apply({
      R"({"id": 1, "addresses": [{"city": "NY"}, null]})",
      R"({"id": 2, "addresses": []})",
      R"({"id": 1, "addresses": [{"city": "LA"}]})",
  });
  const Values parents = Column(batches[0], kHashid);
  EXPECT_NE(parents[0], parents[2]);
  EXPECT_EQ(batches[1].replaces, nullptr);
  EXPECT_EQ(Column(batches[1], kHashid), (Values{parents[0], parents[0], parents[2]}));
  EXPECT_EQ(Column(batches[1], "city"), (Values{"\"NY\"", "null", "\"LA\""}));
  const Values ids = Column(batches[0], "_airbyte_raw_id");
  EXPECT_EQ(Column(batches[1], "_airbyte_raw_id"), (Values{ids[0], ids[0], ids[2]}));
  EXPECT_EQ(batches[2].num_rows(), 0);
}

TEST_F(NormalizationTest, OverwrittenRowsAreNamedByTheirKey) {
  stream_.destination_sync_mode = DestinationSyncMode::kOverwrite;
  const auto first = Column(Apply({R"({"id": 7})"})[0], kHashid);
  EXPECT_EQ(first, Column(Apply({R"({"id": 7, "name": "x"})"})[0], kHashid));
}

TEST_F(NormalizationTest, HashidsOfNumbersGoByValue) {
  const auto hashid = [&](const std::shared_ptr<arrow::DataType>& type, const char* id) {
    return Column(
        Apply({fmt::format(R"({{"id": {}}})", id)}, arrow::schema({arrow::field("id", type)}))[0],
        kHashid)[0];
  };
  const std::string one = hashid(arrow::int64(), "1");
  EXPECT_EQ(one, "\"" + std::string(kHashidOfOne) + "\"") << "stored hash ids must never change";
  EXPECT_EQ(one, hashid(number(), "1.0"));
  EXPECT_EQ(one, hashid(arrow::float64(), "1"));
  EXPECT_NE(one, hashid(arrow::utf8(), "1"));
  EXPECT_NE(one, hashid(arrow::int64(), "null"));
}

TEST_F(NormalizationTest, ADeletedParentHasNoChildrenAndAnUnsentArrayKeepsThem) {
  auto schema = *kSchema->AddField(
      0, arrow::field("_ab_cdc_deleted_at", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")));
  const auto row = [](const char* deleted) {
    return fmt::format(
        R"({{"id": 1, "_ab_cdc_deleted_at": {}, "addresses": [{{"city": "A"}}, {{"city": "B"}}]}})",
        deleted);
  };
  const auto batches = Apply({row("null"), row("\"2025-01-01T00:00:00Z\""), row("null")}, schema);
  EXPECT_EQ(Changes(batches[1]), (Values{"0", "0", "1 empty", "2", "2"}));
  EXPECT_EQ(Column(batches[1], "city"), (Values{"\"A\"", "\"B\"", "null", "\"A\"", "\"B\""}));

  UnchangedMask mask;
  mask.columns.resize(6);
  arrow::BooleanBuilder builder;
  ASSERT_TRUE(builder.AppendValues(std::vector<bool>{false, true, false}).ok());
  mask.columns[4] = std::static_pointer_cast<arrow::BooleanArray>(*builder.Finish());
  const auto unsent = Apply({row("null"), row("null"), R"({"id": 2})"}, schema, mask);
  EXPECT_EQ(Changes(unsent[1]), (Values{"0", "0", "2 empty"}));
  EXPECT_EQ(Changes(unsent[2]), (Values{"0 empty", "2 empty"}));
}

TEST_F(NormalizationTest, ParsesJsonTextOfADeclaredType) {
  auto schema = arrow::schema({kSchema->field(0), arrow::field("contact", json_text()),
                               arrow::field("addresses", arrow::utf8())});
  metadata_ = MetadataMode::kCurrent;
  options_.raw_tables = true;
  const auto batches = Apply(
      {R"({"id": 1, "contact": {"email": "a", "phone": 5}, "addresses": "[{\"city\": \"NY\"}]"})",
       R"({"id": 2, "contact": {"email": {}}, "addresses": "[{\"city\""})",
       R"({"id": 3, "contact": [1], "addresses": null})"},
      schema);
  EXPECT_EQ(Column(batches[0], "contact_email"), (Values{"\"a\"", "\"{}\"", "null"}));
  EXPECT_EQ(Column(batches[0], "contact_phone"), (Values{"\"5\"", "null", "null"}));
  EXPECT_EQ(Column(batches[1], "city"), (Values{"\"NY\"", "null", "null"}));
  EXPECT_EQ(changed_, 2) << "no JSON; no object";
  const Values meta = Column(batches[0], "_airbyte_meta");
  EXPECT_NE(meta[1].find("SOURCE_SERIALIZATION_ERROR"), std::string::npos) << meta[1];
  EXPECT_NE(meta[2].find("DESTINATION_SERIALIZATION_ERROR"), std::string::npos) << meta[2];
  EXPECT_EQ(Column(batches[3], "_airbyte_data")[2], R"({"id":3,"contact":[1],"addresses":null})");
  EXPECT_EQ(Column(batches[3], "_airbyte_raw_id"), Column(batches[0], "_airbyte_raw_id"));
}

TEST_F(NormalizationTest, WhatIsNotDeclaredStaysWhatItIs) {
  auto schema =
      arrow::schema({kSchema->field(0), Objects("orders", {Text("no")}),
                     arrow::field("contact", arrow::struct_({Text("email"), Text("fax")}))});
  const auto batches =
      Apply({R"({"id": 1, "orders": [{"no": "5"}], "contact": {"fax": "9"}})"}, schema);
  EXPECT_EQ(Column(batches[0], "orders"), (Values{R"([{"no":"5"}])"}));
  EXPECT_EQ(Column(batches[0], "contact_fax"), (Values{"\"9\""}));
  EXPECT_EQ(Changes(batches[1]), (Values{"0 empty"})) << "the declared array is gone: null";
}

TEST_F(NormalizationTest, RawTablesAlone) {
  options_ = {false, true};
  metadata_ = MetadataMode::kClassic;
  UnchangedMask mask;
  mask.columns.resize(5);
  arrow::BooleanBuilder builder;
  ASSERT_TRUE(builder.AppendValues(std::vector<bool>{true}).ok());
  mask.columns[1] = std::static_pointer_cast<arrow::BooleanArray>(*builder.Finish());
  const auto batches = Apply({R"({"id": 1, "tags": ["x"]})"}, kSchema, mask);
  EXPECT_EQ(batches[1].rows->schema()->field_names(),
            (Values{"_airbyte_ab_id", "_airbyte_emitted_at", "_airbyte_data"}));
  EXPECT_EQ(Column(batches[1], "_airbyte_data"),
            (Values{R"({"id":1,"contact":null,"addresses":null,"tags":["x"]})"}));
  EXPECT_EQ(batches[0].rows->schema()->field_names(),
            (Values{"_airbyte_ab_id", "_airbyte_emitted_at", "id", "name", "contact", "addresses",
                    "tags"}));
  ASSERT_EQ(batches[0].unchanged.columns.size(), 7u);
  EXPECT_NE(batches[0].unchanged.columns[3], nullptr);
}

}  // namespace
}  // namespace millrace
