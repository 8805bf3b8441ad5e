#include "destinations/postgres/stage_writer.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "clients/postgres/pg_copy_in.h"
#include "clients/postgres/pg_error.h"
#include "destinations/postgres/copy_encoder.h"
#include "destinations/postgres/raw_rows.h"
#include "destinations/postgres/table_columns.h"
#include "destinations/postgres/value_limits.h"
#include "formats/meta_changes.h"

namespace millrace {
namespace {

/// What is worth a COPY of its own, and what is sent at a time.
constexpr size_t kSendBytes = 1 << 20;
/// A COPY's errors are known at its end: a long one ends here and goes on as another.
constexpr int64_t kCopyBytesMost = int64_t{64} << 20;
constexpr const char* kUndefinedTable = "42P01";
/// Room that one large value took is given back.
constexpr size_t kKeptCapacity = 4 << 20;

class StageWriter : public StreamWriter {
 public:
  StageWriter(StreamTarget& target, DestinationConnections& connections, MemoryBudget* memory,
              int lane)
      : target_(target), connections_(connections), lane_(lane) {
    if (memory != nullptr) account_ = memory->OpenAccount();
  }

  Status Write(const ChangeBatch& batch) override;
  Status SetSchema(const SchemaPtr& schema) override;
  Status Truncate() override;
  Result<StagedParts> Flush() override;

 private:
  /// A COPY under way, and its connection, which goes last.
  struct Session {
    std::unique_ptr<DestinationConnections::Lease> lease;
    std::unique_ptr<PgCopyIn> copy;
    int64_t bytes = 0;
  };

  Result<ChangeBatch> Prepare(const ChangeBatch& batch, bool* unsent);
  Status EnsurePiece(bool unsent);
  Status EncodeRows(const arrow::RecordBatch& rows, const ChangeBatch& batch);
  void LookAtKeys(const arrow::RecordBatch& rows);
  Status Send();
  Status EndSession();
  Status EndPiece();
  Status Account();

  StreamTarget& target_;
  DestinationConnections& connections_;
  const int lane_;
  std::unique_ptr<MemoryBudget::Account> account_;
  SchemaPtr schema_;
  std::vector<TargetColumn> columns_;
  std::vector<int> key_columns_;  // of the schema

  StreamTarget::Piece piece_;  // number 0: none is open
  StagedPiece staged_;         // what is said of it
  int64_t next_row_ = 0;       // of the piece
  std::unique_ptr<CopyEncoder> encoder_;
  std::shared_ptr<arrow::RecordBatch> fitted_;  // of the batch under way
  std::string buffer_;
  Session session_;

  std::vector<StagedPiece> finished_;  // since the last flush
  bool truncates_ = false;             // the next piece comes after a truncate
  int64_t bytes_ = 0;                  // since the last flush
  int64_t values_changed_ = 0;         // likewise
};

Status StageWriter::SetSchema(const SchemaPtr& schema) {
  MR_RETURN_IF_ERROR(EndPiece());
  schema_ = schema;
  if (target_.options().raw) {
    MR_RETURN_IF_ERROR(CheckRawSchema(*schema));
    columns_ = RawTableColumns();
  } else {
    MR_ASSIGN_OR_RETURN(columns_, TableColumnsOf(*schema));
  }
  key_columns_.clear();
  if (target_.deduplicates()) {
    MR_ASSIGN_OR_RETURN(const MergeRule rule, MergeRuleOf(target_.stream(), *schema, columns_,
                                                          target_.options().hard_delete));
    for (int i = 0; i < schema->num_fields(); ++i) {
      const std::string& name = columns_[static_cast<size_t>(i)].name;
      if (std::find(rule.unit().begin(), rule.unit().end(), name) != rule.unit().end()) {
        key_columns_.push_back(i);
      }
    }
    target_.SetRule(rule);
  }
  target_.SetColumns(columns_);
  return Status::Ok();
}

Result<ChangeBatch> StageWriter::Prepare(const ChangeBatch& batch, bool* unsent) {
  if (batch.rows->num_columns() != schema_->num_fields()) {
    return SystemError("a batch of {} columns came for a schema of {}", batch.rows->num_columns(),
                       schema_->num_fields());
  }
  std::vector<FieldChange> changes;
  ChangeBatch prepared = batch;
  MR_ASSIGN_OR_RETURN(prepared.rows, NullUnchanged(batch, changes));
  *unsent = !changes.empty();
  // A merge finds the values that were not sent, or notes itself that nobody had them.
  if (target_.deduplicates()) changes.clear();
  if (target_.options().raw) {
    MR_ASSIGN_OR_RETURN(prepared.rows, RawRowsOf(prepared.rows, changes));
  }
  MR_ASSIGN_OR_RETURN(auto rows, FitValues(prepared.rows, changes));
  MR_ASSIGN_OR_RETURN(rows, WithMetaChanges(std::move(rows), changes));
  values_changed_ += static_cast<int64_t>(changes.size());
  fitted_ = std::move(rows);
  return prepared;
}

Status StageWriter::EnsurePiece(bool unsent) {
  const bool marks_unsent = unsent && target_.deduplicates();
  if (piece_.number != 0 && (!marks_unsent || piece_.stage.marks.unsent)) return Status::Ok();
  MR_RETURN_IF_ERROR(EndPiece());
  RowMarks marks;
  // The pieces of a full refresh in steps are committed with no other lane at work: no commit takes
  // some rows of a staging table and leaves others.
  marks.sequence = target_.deduplicates() || target_.stream().sync_mode == SyncMode::kIncremental;
  marks.unsent = marks_unsent;
  marks.sets = target_.deduplicates() && !target_.stream().replace_by.empty();
  MR_ASSIGN_OR_RETURN(auto lease, connections_.Acquire());
  MR_ASSIGN_OR_RETURN(piece_, target_.OpenPiece(lease->connection(), columns_, marks));
  staged_ = {};
  staged_.stage = piece_.stage.table;
  staged_.piece = piece_.number;
  staged_.truncates = std::exchange(truncates_, false);
  next_row_ = 0;
  encoder_ = std::make_unique<CopyEncoder>(columns_, piece_.stage.marks);
  return Status::Ok();
}

void StageWriter::LookAtKeys(const arrow::RecordBatch& rows) {
  for (const int column : key_columns_) {
    if (rows.column(column)->null_count() > 0) staged_.null_keys = true;
  }
}

Status StageWriter::EncodeRows(const arrow::RecordBatch& rows, const ChangeBatch& batch) {
  MR_RETURN_IF_ERROR(encoder_->Begin(rows, batch));
  const int64_t first = FirstSequence(piece_.number) + next_row_;
  int64_t change = first;
  for (int64_t row = 0; row < rows.num_rows(); ++row) {
    const bool same_change =
        row > 0 && batch.replaces != nullptr &&
        batch.replaces->change->Value(row) == batch.replaces->change->Value(row - 1);
    if (!same_change) change = first + row;
    encoder_->AppendRow(row, first + row, change, buffer_);
    if (buffer_.size() >= kSendBytes) MR_RETURN_IF_ERROR(Send());
  }
  next_row_ += rows.num_rows();
  staged_.rows += rows.num_rows();
  return Status::Ok();
}

Status StageWriter::Write(const ChangeBatch& batch) {
  if (batch.num_rows() == 0) return Status::Ok();
  bool unsent = false;
  MR_ASSIGN_OR_RETURN(const ChangeBatch prepared, Prepare(batch, &unsent));
  MR_RETURN_IF_ERROR(EnsurePiece(unsent));
  LookAtKeys(*prepared.rows);
  staged_.unsent = staged_.unsent || (unsent && target_.deduplicates());
  const auto rows = std::move(fitted_);
  MR_RETURN_IF_ERROR(EncodeRows(*rows, prepared));
  // A connection that others may need is given back; what is left waits in the buffer.
  if (session_.lease != nullptr && !session_.lease->may_be_kept()) {
    MR_RETURN_IF_ERROR(EndSession());
  }
  return Account();
}

Status StageWriter::Account() {
  if (account_ == nullptr) return Status::Ok();
  account_->Report(static_cast<int64_t>(buffer_.capacity()));
  if (!account_->ShouldShrink()) return Status::Ok();
  MR_RETURN_IF_ERROR(EndSession());
  buffer_ = std::string();
  account_->Report(0);
  return Status::Ok();
}

Status StageWriter::Send() {
  if (session_.copy == nullptr) {
    MR_ASSIGN_OR_RETURN(session_.lease, connections_.Acquire());
    const Stage& stage = piece_.stage;
    auto copy = PgCopyIn::Start(session_.lease->connection(),
                                fmt::format("COPY {} ({}) FROM STDIN (FORMAT binary)",
                                            stage.table.Sql(), stage.ColumnList()));
    if (SqlStateOf(copy.status()) == kUndefinedTable) {
      return SystemError(
          "a newer attempt has opened the table {} and dropped what this one staged; this one "
          "stops. Is another sync running?",
          target_.table().ToString());
    }
    MR_RETURN_IF_ERROR(copy.status());
    session_.copy = *std::move(copy);
    std::string header;
    CopyEncoder::AppendHeader(header);
    MR_RETURN_IF_ERROR(session_.copy->Send(header));
  }
  MR_RETURN_IF_ERROR(session_.copy->Send(buffer_));
  session_.bytes += static_cast<int64_t>(buffer_.size());
  bytes_ += static_cast<int64_t>(buffer_.size());
  buffer_.clear();
  if (buffer_.capacity() > kKeptCapacity) buffer_.shrink_to_fit();
  return session_.bytes >= kCopyBytesMost ? EndSession() : Status::Ok();
}

Status StageWriter::EndSession() {
  if (!buffer_.empty()) MR_RETURN_IF_ERROR(Send());
  if (session_.copy == nullptr) return Status::Ok();
  std::string trailer;
  CopyEncoder::AppendTrailer(trailer);
  MR_RETURN_IF_ERROR(session_.copy->Send(trailer));
  MR_RETURN_IF_ERROR(session_.copy->Finish().status());
  session_.copy.reset();
  session_.lease.reset();
  session_.bytes = 0;
  return Status::Ok();
}

Status StageWriter::EndPiece() {
  if (piece_.number == 0) return Status::Ok();
  MR_RETURN_IF_ERROR(EndSession());
  target_.ClosePiece(staged_);
  finished_.push_back(staged_);
  piece_ = {};
  return Status::Ok();
}

Status StageWriter::Truncate() {
  if (!target_.deduplicates()) return StreamWriter::Truncate();
  // What this lane wrote since the last flush never was.
  MR_RETURN_IF_ERROR(EndPiece());
  MR_ASSIGN_OR_RETURN(auto lease, connections_.Acquire());
  for (StagedPiece& piece : finished_) {
    MR_RETURN_IF_ERROR(lease->connection().Execute(
        fmt::format("DELETE FROM {} WHERE {} >= {} AND {} < {}", piece.stage.Sql(), kSequenceColumn,
                    FirstSequence(piece.piece), kSequenceColumn, FirstSequence(piece.piece + 1))));
    target_.ForgetPiece(piece);
  }
  finished_.clear();
  truncates_ = true;
  return Status::Ok();
}

Result<StagedParts> StageWriter::Flush() {
  if (truncates_) MR_RETURN_IF_ERROR(EnsurePiece(/*unsent=*/false));
  MR_RETURN_IF_ERROR(EndPiece());
  StagedParts parts;
  parts.stream = target_.stream().descriptor();
  parts.lane = lane_;
  parts.bytes = std::exchange(bytes_, 0);
  parts.values_changed = std::exchange(values_changed_, 0);
  Json pieces = Json::array();
  for (const StagedPiece& piece : finished_) {
    pieces.push_back({{"schema", piece.stage.schema},
                      {"table", piece.stage.name},
                      {"piece", piece.piece},
                      {"rows", piece.rows},
                      {"null_keys", piece.null_keys},
                      {"unsent", piece.unsent},
                      {"truncates", piece.truncates}});
    parts.records += piece.rows;
  }
  finished_.clear();
  parts.parts = JsonValue(std::move(pieces));
  if (account_ != nullptr) account_->Report(static_cast<int64_t>(buffer_.capacity()));
  return parts;
}

}  // namespace

Result<std::unique_ptr<StreamWriter>> MakeStageWriter(StreamTarget& target,
                                                      DestinationConnections& connections,
                                                      MemoryBudget* memory, const SchemaPtr& schema,
                                                      int lane) {
  auto writer = std::make_unique<StageWriter>(target, connections, memory, lane);
  MR_RETURN_IF_ERROR(writer->SetSchema(schema));
  return std::unique_ptr<StreamWriter>(std::move(writer));
}

std::vector<StagedPiece> StagedPiecesOf(const StagedParts& parts) {
  std::vector<StagedPiece> pieces;
  if (!parts.parts->is_array()) return pieces;
  for (const Json& piece : *parts.parts) {
    StagedPiece staged;
    staged.stage = {piece.value("schema", ""), piece.value("table", "")};
    staged.piece = piece.value("piece", int64_t{0});
    staged.rows = piece.value("rows", int64_t{0});
    staged.null_keys = piece.value("null_keys", false);
    staged.unsent = piece.value("unsent", false);
    staged.truncates = piece.value("truncates", false);
    pieces.push_back(std::move(staged));
  }
  return pieces;
}

}  // namespace millrace
