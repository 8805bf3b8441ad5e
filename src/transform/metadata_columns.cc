#include "transform/metadata_columns.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/type.h>

#include <algorithm>

#include "base/uuid.h"
#include "connector/arrow_status.h"
#include "connector/block_pool.h"
#include "connector/meta_column.h"

namespace millrace {
namespace {

constexpr const char* kBuildingMetadata = "building metadata columns";
constexpr const char* kClassicIdColumn = "_airbyte_ab_id";
constexpr const char* kClassicEmittedAtColumn = "_airbyte_emitted_at";

/// A stream that runs for days gets fresh time stamps; a batch gets one.
constexpr auto kStampFor = std::chrono::seconds(1);
constexpr int64_t kLeastCapacity = 1024;
/// Keeps the offsets of the ids' text within 32 bits.
constexpr int64_t kBatchRowsMax = 50'000'000;

const std::shared_ptr<arrow::DataType>& StampType() {
  static const auto type = arrow::timestamp(arrow::TimeUnit::MILLI, "UTC");
  return type;
}

arrow::FieldVector FieldsOf(MetadataMode mode) {
  const auto field = [](std::string_view name, const std::shared_ptr<arrow::DataType>& type) {
    return arrow::field(std::string(name), type, /*nullable=*/false);
  };
  switch (mode) {
    case MetadataMode::kCurrent:
      return {field(kRawIdColumn, arrow::utf8()), field(kExtractedAtColumn, StampType()),
              field(kMetaColumn, meta_type()), field(kGenerationIdColumn, arrow::int64())};
    case MetadataMode::kClassic:
      return {field(kClassicIdColumn, arrow::utf8()), field(kClassicEmittedAtColumn, StampType())};
    case MetadataMode::kNone:
    case MetadataMode::kApart:
      break;
  }
  return {};
}

Result<std::shared_ptr<arrow::Array>> Repeat(const std::shared_ptr<arrow::DataType>& type,
                                             int64_t value, int64_t num_rows) {
  MR_ARROW_ASSIGN_OR_RETURN(auto values, arrow::AllocateBuffer(num_rows * 8, BlockPool()),
                            kBuildingMetadata);
  std::fill_n(reinterpret_cast<int64_t*>(values->mutable_data()), num_rows, value);
  return arrow::MakeArray(
      arrow::ArrayData::Make(type, num_rows, {nullptr, std::move(values)}, /*null_count=*/0));
}

}  // namespace

MetadataColumns::MetadataColumns(MetadataMode mode, const ConfiguredStream& stream,
                                 const Clock& clock)
    : mode_(mode),
      sync_id_(stream.sync_id),
      generation_id_(stream.generation_id),
      clock_(clock),
      fields_(FieldsOf(mode)) {}

Result<arrow::ArrayVector> MetadataColumns::Make(const ChangeBatch& batch) {
  const int64_t num_rows = batch.num_rows();
  if (fields_.empty()) return arrow::ArrayVector{};
  MR_ASSIGN_OR_RETURN(const auto ids, MakeIds(num_rows));
  return MakeFor(ids, batch.extracted_at.get(), batch.changes);
}

Result<arrow::ArrayVector> MetadataColumns::MakeFor(const std::shared_ptr<arrow::StringArray>& ids,
                                                    const arrow::Int64Array* extracted_at,
                                                    const std::vector<FieldChange>& changes) {
  if (fields_.empty()) return arrow::ArrayVector{};
  const int64_t num_rows = ids->length();
  MR_RETURN_IF_ERROR(EnsureConstants(num_rows));
  MR_ASSIGN_OR_RETURN(auto stamps, MakeStamps(num_rows, extracted_at));
  arrow::ArrayVector columns = {ids, std::move(stamps)};
  if (mode_ == MetadataMode::kClassic) return columns;
  if (changes.empty()) {
    columns.push_back(meta_->Slice(0, num_rows));
  } else {
    MR_ASSIGN_OR_RETURN(auto meta, MakeMetaColumn(num_rows, sync_id_, changes));
    columns.push_back(std::move(meta));
  }
  columns.push_back(generation_->Slice(0, num_rows));
  return columns;
}

Result<std::shared_ptr<arrow::Array>> MetadataColumns::MakeNow(int64_t num_rows) {
  MR_RETURN_IF_ERROR(EnsureConstants(num_rows));
  return extracted_at_->Slice(0, num_rows);
}

std::shared_ptr<arrow::Field> MetadataColumns::StampField(std::string_view name) {
  return arrow::field(std::string(name), StampType(), /*nullable=*/false);
}

Result<std::shared_ptr<arrow::Array>> MetadataColumns::MakeStamps(
    int64_t num_rows, const arrow::Int64Array* given) const {
  if (given == nullptr) return extracted_at_->Slice(0, num_rows);
  if (given->length() != num_rows) return SystemError("stamps do not fit their rows");
  const auto millis =
      std::chrono::floor<std::chrono::milliseconds>(clock_.WallNow().time_since_epoch()).count();
  MR_ARROW_ASSIGN_OR_RETURN(auto values, arrow::AllocateBuffer(num_rows * 8, BlockPool()),
                            kBuildingMetadata);
  auto* value = reinterpret_cast<int64_t*>(values->mutable_data());
  for (int64_t i = 0; i < num_rows; ++i) {
    value[i] = given->IsValid(i) ? given->Value(i) : millis;
  }
  return arrow::MakeArray(arrow::ArrayData::Make(StampType(), num_rows,
                                                 {nullptr, std::move(values)}, /*null_count=*/0));
}

Status MetadataColumns::EnsureConstants(int64_t num_rows) {
  if (num_rows > kBatchRowsMax) return SystemError("a batch of {} rows is too large", num_rows);
  const WallTime now = clock_.WallNow();
  const bool grow = num_rows > capacity_;
  if (!grow && now - stamped_at_ < kStampFor) return Status::Ok();
  const int64_t capacity = grow ? std::max(num_rows, kLeastCapacity) : capacity_;
  const auto millis = std::chrono::floor<std::chrono::milliseconds>(now.time_since_epoch());
  MR_ASSIGN_OR_RETURN(extracted_at_, Repeat(StampType(), millis.count(), capacity));
  stamped_at_ = now;
  if (!grow) return Status::Ok();

  if (mode_ == MetadataMode::kCurrent) {
    MR_ASSIGN_OR_RETURN(meta_, MakeMetaColumn(capacity, sync_id_, {}));
    MR_ASSIGN_OR_RETURN(generation_, Repeat(arrow::int64(), generation_id_, capacity));
  }
  MR_ARROW_ASSIGN_OR_RETURN(auto offsets, arrow::AllocateBuffer((capacity + 1) * 4, BlockPool()),
                            kBuildingMetadata);
  auto* offset = reinterpret_cast<int32_t*>(offsets->mutable_data());
  for (int64_t i = 0; i <= capacity; ++i) {
    offset[i] = static_cast<int32_t>(i * static_cast<int64_t>(UuidV7Batch::kTextSize));
  }
  id_offsets_ = std::move(offsets);
  capacity_ = capacity;
  return Status::Ok();
}

Result<std::shared_ptr<arrow::StringArray>> MetadataColumns::MakeIds(int64_t num_rows) {
  constexpr auto kSize = static_cast<int64_t>(UuidV7Batch::kTextSize);
  MR_RETURN_IF_ERROR(EnsureConstants(num_rows));
  MR_ARROW_ASSIGN_OR_RETURN(auto text, arrow::AllocateBuffer(num_rows * kSize, BlockPool()),
                            kBuildingMetadata);
  UuidV7Batch ids(clock_.WallNow());
  char* out = reinterpret_cast<char*>(text->mutable_data());
  for (int64_t i = 0; i < num_rows; ++i) ids.Next(out + i * kSize);
  return std::make_shared<arrow::StringArray>(num_rows, id_offsets_, std::move(text));
}

}  // namespace millrace
