#include "pipeline/lane.h"

#include <arrow/type.h>

namespace millrace {

Status Lane::Open(const SchemaPtr& schema) {
  if (writer_ && schema->Equals(*transform_->input_schema())) return Status::Ok();
  const auto missing = writer_ ? MissingFields::kWarn : MissingFields::kRefuse;
  auto transform = StreamTransform::Make(stream_.configured(), schema, context_.options.metadata,
                                         *context_.options.clock, missing);
  if (!transform.ok()) return transform.status().WithStream(stream_.descriptor());
  transform_.emplace(*std::move(transform));
  if (writer_) {
    return InContext(writer_->SetSchema(transform_->schema()), "changing the schema of");
  }
  auto writer = context_.load.OpenWriter(stream_.configured(), transform_->schema(), number_);
  if (!writer.ok()) return InContext(writer.status(), "opening");
  writer_ = *std::move(writer);
  return Status::Ok();
}

Status Lane::Write(ChangeBatch batch) {
  const int64_t records = batch.num_rows();
  const int64_t bytes = batch.num_bytes();
  const int64_t changed_before = transform_->values_changed();
  auto rows = transform_->Apply(std::move(batch));
  if (!rows.ok()) return rows.status().WithStream(stream_.descriptor());
  if (const int64_t changed = transform_->values_changed() - changed_before; changed > 0) {
    stream_.CountChangedValues(changed);
  }
  bytes_since_flush_ += bytes;
  records_since_flush_ += records;
  touched_since_flush_ = true;
  return InContext(writer_->Write(*rows), "writing");
}

Status Lane::Truncate() {
  touched_since_flush_ = true;
  return InContext(writer_->Truncate(), "truncating");
}

Result<std::optional<StagedParts>> Lane::Flush() {
  if (!touched_since_flush_) return std::optional<StagedParts>();
  auto parts = writer_->Flush();
  if (!parts.ok()) return InContext(parts.status(), "writing");
  if (parts->values_changed > 0) stream_.CountChangedValues(parts->values_changed);
  bytes_since_flush_ = 0;
  records_since_flush_ = 0;
  touched_since_flush_ = false;
  return std::optional<StagedParts>(*std::move(parts));
}

Status Lane::InContext(const Status& status, std::string_view doing) const {
  if (status.ok()) return status;
  return status.WithContext(fmt::format("{} {}", doing, stream_.descriptor().ToString()))
      .WithStream(stream_.descriptor());
}

}  // namespace millrace
