#include "sources/postgres/table_reader.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "base/log.h"
#include "clients/postgres/pg_error.h"

namespace millrace {
namespace {

constexpr int kAttemptsMax = 3;

/// Whether another try may end better. A query that was canceled (by statement_timeout, or by a
/// person) would be canceled again.
bool IsWorthARetry(const Status& status) {
  constexpr const char* kQueryCanceled = "57014";
  return status.failed() && status.error().type == FailureType::kTransientError &&
         SqlStateOf(status) != kQueryCanceled;
}

// The snapshot's file of the table (as a query sees it) against the present one (as the function
// does). They differ, or there is none, after TRUNCATE, a rewriting ALTER or DROP: such a table
// looks empty to an older snapshot.
constexpr const char* kChangedSql = R"(
SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relname = $2 AND c.relfilenode <> 0
  AND c.relfilenode IS DISTINCT FROM pg_catalog.pg_relation_filenode(c.oid))";

}  // namespace

Status TableReader::Open() {
  opened_ = plan_.schema();
  return output_.Open(plan_.table().descriptor(), opened_);
}

Status TableReader::Read(const Relation& relation, const std::string& select, int hidden_fields,
                         RowFilter* filter) {
  for (int attempt = 1;; ++attempt) {
    bool may_repeat = false;
    const Status status = ReadOnce(relation, select, hidden_fields, filter, &may_repeat);
    if (status.ok() || !may_repeat || !IsWorthARetry(status) || attempt == kAttemptsMax) {
      return status;
    }
    Log(LogLevel::kWarn, "reading {}: {}; trying again ({} of {})",
        plan_.table().descriptor().ToString(), status.error().message, attempt + 1, kAttemptsMax);
  }
}

Status TableReader::ReadOnce(const Relation& relation, const std::string& select, int hidden_fields,
                             RowFilter* filter, bool* may_repeat) {
  *may_repeat = true;
  MR_ASSIGN_OR_RETURN(const auto reader, snapshot_.Enter(stop_));
  auto batch = plan_.TakeBatch();
  CopyDecoder::Limits limits;
  limits.hidden_fields = hidden_fields;
  CopyDecoder decoder(
      *batch, limits, [this](RowBatch& full) { return Emit(full); }, filter);
  Status status = reader->connection().CopyOut(
      fmt::format("COPY ({}) TO STDOUT (FORMAT binary)", select), decoder, stop_);
  // A filter has seen rows: it would see them again.
  *may_repeat = decoder.batches_emitted() == 0 && (filter == nullptr || decoder.rows_read() == 0);
  MR_RETURN_IF_ERROR(status);
  *may_repeat = false;
  MR_RETURN_IF_ERROR(CheckUnchanged(reader->connection(), relation));
  MR_RETURN_IF_ERROR(decoder.Finish());
  plan_.GiveBatch(std::move(batch));
  return Status::Ok();
}

Status TableReader::CheckUnchanged(PgConnection& connection, const Relation& relation) {
  // The COPY's lock is still held: what is unchanged now was unchanged then.
  MR_ASSIGN_OR_RETURN(const PgRows changed,
                      connection.Query(kChangedSql, {relation.schema, relation.name}, stop_));
  if (changed.num_rows() == 0) return Status::Ok();
  return TransientError("{}.{} was truncated, rewritten or made anew while the sync ran",
                        relation.schema, relation.name);
}

Status TableReader::Emit(RowBatch& batch) {
  for (int i = 0; i < opened_->num_fields(); ++i) {
    if (opened_->field(i)->nullable() || !batch.HasNull(i)) continue;
    // A value of a NOT NULL column became null: the column is nullable from here on.
    opened_ = plan_.SchemaAllowing(batch);
    MR_RETURN_IF_ERROR(output_.Open(plan_.table().descriptor(), opened_));
    break;
  }
  MR_ASSIGN_OR_RETURN(ChangeBatch rows, batch.Finish(opened_));
  return output_.Emit(plan_.table().descriptor(), std::move(rows), Deadline::Never());
}

}  // namespace millrace
