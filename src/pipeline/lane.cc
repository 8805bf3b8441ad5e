#include "pipeline/lane.h"

#include <arrow/array.h>
#include <arrow/type.h>

#include <utility>

namespace millrace {
namespace {

/// Rows that a derived table stores.
int64_t StoredRows(const ChangeBatch& batch) {
  return batch.num_rows() - (batch.replaces ? batch.replaces->empty->true_count() : 0);
}

}  // namespace

Status Lane::Open(const SchemaPtr& schema) {
  if (is_open() && schema->Equals(*transform_->input_schema())) return Status::Ok();
  const auto missing = is_open() ? MissingFields::kWarn : MissingFields::kRefuse;
  auto transform = OutputTransform::Make(stream_.outputs(), schema, context_.options.metadata,
                                         *context_.options.clock, missing);
  if (!transform.ok()) return InTransform(transform.status());
  const auto before = std::exchange(transform_, *std::move(transform));
  const DestinationCalls::Call call(context_.destination_calls);
  if (is_open()) return ChangeSchemas(before->schemas());
  std::vector<std::unique_ptr<StreamWriter>> writers;
  for (size_t i = 0; i < transform_->schemas().size(); ++i) {
    auto writer =
        context_.load.OpenWriter(stream_.outputs().streams[i], transform_->schemas()[i], number_);
    if (!writer.ok()) return InContext(writer.status(), "opening", i);
    writers.push_back(*std::move(writer));
  }
  writers_ = std::move(writers);
  return Status::Ok();
}

Status Lane::ChangeSchemas(const std::vector<SchemaPtr>& before) {
  for (size_t i = 0; i < writers_.size(); ++i) {
    const SchemaPtr& schema = transform_->schemas()[i];
    if (i > 0 && schema->Equals(*before[i])) continue;
    MR_RETURN_IF_ERROR(InContext(writers_[i]->SetSchema(schema), "changing the schema of", i));
  }
  return Status::Ok();
}

Status Lane::Write(ChangeBatch batch) {
  const int64_t records = batch.num_rows();
  const int64_t bytes = batch.num_bytes();
  const int64_t changed_before = transform_->values_changed();
  auto batches = transform_->Apply(std::move(batch), rows_);
  if (!batches.ok()) return InTransform(batches.status());
  if (const int64_t changed = transform_->values_changed() - changed_before; changed > 0) {
    stream_.CountChangedValues(changed);
  }
  rows_ += records;
  bytes_since_flush_ += bytes;
  since_flush_.records += records;
  touched_since_flush_ = true;
  const DestinationCalls::Call call(context_.destination_calls);
  for (size_t i = 0; i < batches->size(); ++i) {
    const ChangeBatch& rows = (*batches)[i];
    if (i > 0 && rows.num_rows() == 0) continue;
    MR_RETURN_IF_ERROR(InContext(writers_[i]->Write(rows), "writing", i));
    if (i > 0) since_flush_.derived[stream_.outputs().streams[i].descriptor()] += StoredRows(rows);
  }
  return Status::Ok();
}

Status Lane::Truncate() {
  touched_since_flush_ = true;
  const DestinationCalls::Call call(context_.destination_calls);
  for (size_t i = 0; i < writers_.size(); ++i) {
    MR_RETURN_IF_ERROR(InContext(writers_[i]->Truncate(), "truncating", i));
  }
  return Status::Ok();
}

Result<FlushedRows> Lane::Flush() {
  if (!touched_since_flush_) return FlushedRows();
  FlushedRows flushed = std::exchange(since_flush_, {});
  const DestinationCalls::Call call(context_.destination_calls);
  for (size_t i = 0; i < writers_.size(); ++i) {
    auto parts = writers_[i]->Flush();
    if (!parts.ok()) return InContext(parts.status(), "writing", i);
    if (parts->values_changed > 0) stream_.CountChangedValues(parts->values_changed);
    flushed.parts.push_back(*std::move(parts));
  }
  bytes_since_flush_ = 0;
  touched_since_flush_ = false;
  return flushed;
}

Status Lane::InContext(const Status& status, std::string_view doing, size_t table) const {
  if (status.ok()) return status;
  Status why = status
                   .WithContext(fmt::format(
                       "{} {}", doing, stream_.outputs().streams[table].descriptor().ToString()))
                   .WithStream(stream_.descriptor());
  stream_.SetIncomplete(why, FailureOrigin::kDestination);
  return why;
}

Status Lane::InTransform(const Status& status) const {
  Status why = status.WithStream(stream_.descriptor());
  stream_.SetIncomplete(why, FailureOrigin::kReplication);
  return why;
}

}  // namespace millrace
