#include <arrow/array.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gtest/gtest.h>

#include <set>

#include "connector/meta_column.h"
#include "transform/stream_transform.h"

namespace millrace {
namespace {

class FixedClock : public Clock {
 public:
  SteadyTime Now() const override { return {}; }
  WallTime WallNow() const override { return now; }
  WallTime now = WallTime(std::chrono::milliseconds(1'700'000'000'123));
};

const auto kSchema =
    arrow::schema({arrow::field("id", arrow::int64(), false), arrow::field("name", arrow::int64()),
                   arrow::field("_ab_cdc_deleted_at", arrow::int64())});

std::shared_ptr<arrow::Array> Numbers(int64_t count) {
  arrow::Int64Builder builder;
  for (int64_t i = 0; i < count; ++i) EXPECT_TRUE(builder.Append(i).ok());
  return *builder.Finish();
}

ChangeBatch Batch(int64_t rows) {
  const auto numbers = Numbers(rows);
  return {arrow::RecordBatch::Make(kSchema, rows, {numbers, numbers, numbers}), {}, {}};
}

std::shared_ptr<arrow::BooleanArray> Mask(std::vector<bool> values) {
  arrow::BooleanBuilder builder;
  EXPECT_TRUE(builder.AppendValues(values).ok());
  return std::static_pointer_cast<arrow::BooleanArray>(*builder.Finish());
}

class TransformTest : public testing::Test {
 protected:
  TransformTest() {
    stream_.stream.descriptor = {"orders", "public"};
    stream_.generation_id = 4;
    stream_.sync_id = 9;
  }

  Result<StreamTransform> Make(MetadataMode mode, MissingFields missing = MissingFields::kRefuse) {
    return StreamTransform::Make(stream_, kSchema, mode, clock_, missing);
  }

  ConfiguredStream stream_;
  FixedClock clock_;
};

TEST_F(TransformTest, PutsCurrentMetadataColumnsFirst) {
  auto transform = *Make(MetadataMode::kCurrent);
  EXPECT_EQ(
      transform.schema()->field_names(),
      (std::vector<std::string>{"_airbyte_raw_id", "_airbyte_extracted_at", "_airbyte_meta",
                                "_airbyte_generation_id", "id", "name", "_ab_cdc_deleted_at"}));
  std::set<std::string> ids;
  for (const int64_t rows : {3, 5000, 2, 0}) {
    const auto batch = transform.Apply(Batch(rows));
    ASSERT_TRUE(batch.ok()) << batch.status().ToString();
    ASSERT_TRUE(batch->rows->ValidateFull().ok());
    ASSERT_EQ(batch->num_rows(), rows);
    const auto& id = static_cast<const arrow::StringArray&>(*batch->rows->column(0));
    for (int64_t i = 0; i < rows; ++i) ids.insert(id.GetString(i));
    for (int64_t i = 0; i < rows; ++i) {
      EXPECT_EQ(static_cast<const arrow::TimestampArray&>(*batch->rows->column(1)).Value(i),
                1'700'000'000'123);
      EXPECT_EQ(static_cast<const arrow::Int64Array&>(*batch->rows->column(3)).Value(i), 4);
    }
  }
  EXPECT_EQ(ids.size(), 5005u);
}

TEST_F(TransformTest, StampsLaterRowsLater) {
  auto transform = *Make(MetadataMode::kClassic);
  const auto first = *transform.Apply(Batch(2));
  clock_.now += std::chrono::minutes(1);
  const auto second = *transform.Apply(Batch(2));
  const auto stamp = [](const ChangeBatch& batch) {
    return static_cast<const arrow::TimestampArray&>(*batch.rows->column(1)).Value(1);
  };
  EXPECT_EQ(stamp(second) - stamp(first), 60'000);
}

TEST_F(TransformTest, KeepsStampsThatRowsBring) {
  auto transform = *Make(MetadataMode::kClassic);
  ChangeBatch batch = Batch(2);
  arrow::Int64Builder stamps;
  ASSERT_TRUE(stamps.Append(1'000).ok());
  ASSERT_TRUE(stamps.AppendNull().ok());
  batch.extracted_at = std::static_pointer_cast<arrow::Int64Array>(*stamps.Finish());
  const auto now = *transform.Apply(Batch(1));
  const auto applied = *transform.Apply(std::move(batch));
  const auto stamp = [](const ChangeBatch& rows, int64_t row) {
    return static_cast<const arrow::TimestampArray&>(*rows.rows->column(1)).Value(row);
  };
  EXPECT_EQ(stamp(applied, 0), 1'000);
  EXPECT_EQ(stamp(applied, 1), stamp(now, 0)) << "without one: now";
}

TEST_F(TransformTest, ClassicAndNone) {
  EXPECT_EQ(Make(MetadataMode::kClassic)->schema()->field_names(),
            (std::vector<std::string>{"_airbyte_ab_id", "_airbyte_emitted_at", "id", "name",
                                      "_ab_cdc_deleted_at"}));
  auto none = *Make(MetadataMode::kNone);
  EXPECT_EQ(none.schema(), kSchema);
  auto batch = Batch(2);
  const auto* rows = batch.rows.get();
  EXPECT_EQ(none.Apply(std::move(batch))->rows.get(), rows) << "nothing to do, nothing copied";
}

TEST_F(TransformTest, SelectsInTheSourcesOrderAndKeepsChangeData) {
  stream_.selected_fields = {"name"};
  EXPECT_EQ(Make(MetadataMode::kNone)->schema()->field_names(),
            (std::vector<std::string>{"name", "_ab_cdc_deleted_at"}));
  stream_.selected_fields = {"name", "id"};
  EXPECT_EQ(Make(MetadataMode::kNone)->schema()->field_names(),
            (std::vector<std::string>{"id", "name", "_ab_cdc_deleted_at"}));
}

TEST_F(TransformTest, RefusesAnUnknownFieldAndNamesTheNearest) {
  stream_.selected_fields = {"nmae"};
  const auto refused = Make(MetadataMode::kNone).status();
  ASSERT_TRUE(refused.failed());
  EXPECT_EQ(refused.error().type, FailureType::kConfigError);
  EXPECT_NE(refused.ToString().find("public.orders"), std::string::npos);
  EXPECT_NE(refused.ToString().find("did you mean name"), std::string::npos) << refused.ToString();
  EXPECT_TRUE(Make(MetadataMode::kNone, MissingFields::kWarn).ok());
}

TEST_F(TransformTest, RefusesAColumnWithAMetadataColumnsName) {
  const auto schema = arrow::schema({arrow::field("_airbyte_raw_id", arrow::utf8())});
  const auto make = [&](MetadataMode mode) {
    return StreamTransform::Make(stream_, schema, mode, clock_, MissingFields::kRefuse);
  };
  EXPECT_EQ(make(MetadataMode::kCurrent).status().error().type, FailureType::kConfigError);
  EXPECT_TRUE(make(MetadataMode::kNone).ok());
}

TEST_F(TransformTest, MovesChangesIntoTheMetaColumn) {
  stream_.selected_fields = {"id"};
  auto transform = *Make(MetadataMode::kCurrent);
  auto batch = Batch(3);
  batch.changes = {{1, "id", "NULLED", "SOURCE_SERIALIZATION_ERROR"},
                   {2, "name", "NULLED", "SOURCE_SERIALIZATION_ERROR"}};
  const auto applied = *transform.Apply(std::move(batch));
  ASSERT_TRUE(applied.rows->ValidateFull().ok());
  EXPECT_TRUE(applied.changes.empty());
  EXPECT_EQ(transform.values_changed(), 1) << "the unselected column's change is nobody's";
  const auto& meta = static_cast<const arrow::StructArray&>(*applied.rows->column(2));
  const auto& lists = static_cast<const arrow::ListArray&>(*meta.field(1));
  EXPECT_EQ(lists.value_length(0), 0);
  EXPECT_EQ(lists.value_length(1), 1);
  EXPECT_EQ(lists.value_length(2), 0);
}

TEST_F(TransformTest, CountsChangesThatNoColumnRecords) {
  auto transform = *Make(MetadataMode::kNone);
  auto batch = Batch(2);
  batch.changes = {{0, "id", "NULLED", "SOURCE_SERIALIZATION_ERROR"}};
  const auto applied = *transform.Apply(std::move(batch));
  EXPECT_EQ(transform.values_changed(), 1);
  EXPECT_TRUE(applied.changes.empty());
}

TEST_F(TransformTest, MovesTheMasksOfUnchangedValuesWithTheirColumns) {
  stream_.selected_fields = {"name"};
  auto transform = *Make(MetadataMode::kClassic);
  auto batch = Batch(2);
  batch.unchanged.columns = {nullptr, Mask({true, false}), nullptr};
  const auto applied = *transform.Apply(std::move(batch));
  ASSERT_EQ(applied.unchanged.columns.size(), 4u);
  EXPECT_EQ(applied.unchanged.columns[0], nullptr);
  ASSERT_NE(applied.unchanged.columns[2], nullptr);
  EXPECT_TRUE(applied.unchanged.columns[2]->Value(0));
  EXPECT_EQ(applied.unchanged.columns[3], nullptr);
}

TEST_F(TransformTest, RefusesWhatDoesNotFit) {
  auto transform = *Make(MetadataMode::kCurrent);
  auto batch = Batch(2);
  batch.unchanged.columns = {nullptr};
  EXPECT_TRUE(transform.Apply(std::move(batch)).status().failed());
  const auto other = arrow::schema({arrow::field("id", arrow::int64())});
  EXPECT_TRUE(transform.Apply({arrow::RecordBatch::Make(other, 1, {Numbers(1)}), {}, {}})
                  .status()
                  .failed());
  EXPECT_TRUE(transform.Apply({}).status().failed());
}

}  // namespace
}  // namespace millrace
