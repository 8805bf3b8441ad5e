#include "destinations/postgres/stream_target.h"

#include <algorithm>
#include <utility>

#include "base/uuid.h"
#include "destinations/sql/sql_name.h"

namespace millrace {
namespace {

bool SameColumns(const std::vector<TargetColumn>& a, const std::vector<TargetColumn>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const TargetColumn& left, const TargetColumn& right) {
                      return left.name == right.name && left.type == right.type;
                    });
}

bool SameMarks(const RowMarks& a, const RowMarks& b) {
  return a.sequence == b.sequence && a.unsent == b.unsent && a.sets == b.sets;
}

}  // namespace

StreamTarget::StreamTarget(const ConfiguredStream& stream, TableName table,
                           const TargetOptions& options, const LoadContext& context,
                           const LoadLedger& ledger)
    : stream_(stream),
      table_(std::move(table)),
      options_(options),
      context_(context),
      ledger_(ledger),
      stage_prefix_("_millrace_stage_" + ShortHash(table_.ToString()) + '_') {}

void StreamTarget::SetColumns(const std::vector<TargetColumn>& columns) {
  std::lock_guard lock(mutex_);
  columns_ = columns;
}

void StreamTarget::SetRule(const MergeRule& rule) {
  std::lock_guard lock(mutex_);
  rule_ = rule;
}

Result<Stage> StreamTarget::MakeStage(PgConnection& connection,
                                      const std::vector<TargetColumn>& columns,
                                      const RowMarks& marks, bool logged) {
  Stage stage;
  stage.table = {ledger_.schema(), stage_prefix_ + RandomUuid().substr(0, 13)};
  stage.columns = columns;
  stage.marks = marks;
  stage.logged = logged;
  MR_RETURN_IF_ERROR(connection
                         .Execute(fmt::format("CREATE {}TABLE {} ({})", logged ? "" : "UNLOGGED ",
                                              stage.table.Sql(), stage.Definitions()))
                         .WithContext("making a staging table"));
  return stage;
}

Result<StreamTarget::Piece> StreamTarget::OpenPiece(PgConnection& connection,
                                                    const std::vector<TargetColumn>& columns,
                                                    const RowMarks& marks) {
  // Held while the table is made: lanes that begin together shall share it.
  std::lock_guard lock(mutex_);
  for (const auto& use : stages_) {
    if (use->sealed || !SameColumns(use->stage.columns, columns) ||
        !SameMarks(use->stage.marks, marks)) {
      continue;
    }
    ++use->open;
    return Piece{use->stage, next_piece_++};
  }
  // What can become the table itself must survive a crash; the rest is copied once more.
  const bool logged = replacing_ || appends_hidden() || !landed_exists_;
  MR_ASSIGN_OR_RETURN(Stage stage, MakeStage(connection, columns, marks, logged));
  stages_.push_back(std::make_unique<StageUse>(StageUse{stage, 1, 0, false}));
  return Piece{std::move(stage), next_piece_++};
}

void StreamTarget::ClosePiece(const StagedPiece& piece) {
  std::lock_guard lock(mutex_);
  for (const auto& use : stages_) {
    if (use->stage.table != piece.stage) continue;
    --use->open;
    if (piece.rows > 0) ++use->pieces;
    // A commit finds only whole pieces in it, and can take the table as it is.
    if (use->open == 0 && lands_at_commit()) use->sealed = true;
  }
}

void StreamTarget::ForgetPiece(const StagedPiece& piece) {
  std::lock_guard lock(mutex_);
  for (const auto& use : stages_) {
    if (use->stage.table == piece.stage && piece.rows > 0) --use->pieces;
  }
}

std::vector<TargetColumn> StreamTarget::Columns() const {
  std::lock_guard lock(mutex_);
  return columns_;
}

Status StreamTarget::DropTable(PgConnection& connection, const TableName& table) {
  return connection.Execute("DROP TABLE IF EXISTS " + table.Sql());
}

Result<std::vector<StreamTarget::Batch>> StreamTarget::BatchesOf(
    PgConnection& connection, const std::vector<StagedPiece>& pieces) {
  std::vector<StagedPiece> ordered = pieces;
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](const StagedPiece& a, const StagedPiece& b) { return a.piece < b.piece; });
  std::vector<Batch> batches;
  std::vector<std::string> ranges;
  for (const StagedPiece& piece : ordered) {
    if (batches.empty() || batches.back().stage.table != piece.stage || piece.truncates) {
      Batch batch;
      batch.stage.table = piece.stage;
      batches.push_back(std::move(batch));
      ranges.emplace_back();
    }
    Batch& batch = batches.back();
    batch.truncates = batch.truncates || piece.truncates;
    batch.traits.rows += piece.rows;
    batch.traits.null_keys = batch.traits.null_keys || piece.null_keys;
    batch.traits.unsent = batch.traits.unsent || piece.unsent;
    if (piece.rows > 0) ++batch.pieces;
    ranges.back() +=
        fmt::format("{}{} >= {} AND {} < {}", ranges.back().empty() ? "" : " OR ", kSequenceColumn,
                    FirstSequence(piece.piece), kSequenceColumn, FirstSequence(piece.piece + 1));
  }
  for (size_t i = 0; i < batches.size(); ++i) {
    Batch& batch = batches[i];
    {
      std::lock_guard lock(mutex_);
      for (const auto& use : stages_) {
        if (use->stage.table != batch.stage.table) continue;
        batch.stage = use->stage;
        batch.exclusive = use->open == 0 && use->pieces == batch.pieces;
        if (batch.exclusive) use->sealed = true;
      }
    }
    if (batch.exclusive || batch.traits.rows == 0) continue;
    // Somebody still writes there: these rows go to a table of their own.
    const Stage shared = batch.stage;
    if (!shared.marks.sequence) {
      return SystemError("a lane of {} ended without handing over its rows",
                         stream_.descriptor().ToString());
    }
    MR_ASSIGN_OR_RETURN(batch.stage, MakeStage(connection, shared.columns, shared.marks, false));
    MR_RETURN_IF_ERROR(connection.Execute(
        fmt::format("INSERT INTO {} ({}) SELECT {} FROM {} WHERE {}", batch.stage.table.Sql(),
                    shared.ColumnList(), shared.ColumnList(), shared.table.Sql(), ranges[i])));
    MR_RETURN_IF_ERROR(
        connection.Execute(fmt::format("DELETE FROM {} WHERE {}", shared.table.Sql(), ranges[i])));
  }
  return batches;
}

void StreamTarget::Keep(CheckpointId checkpoint, const std::vector<StagedPiece>& pieces) {
  newest_ = std::max(newest_, checkpoint);
  kept_.insert(kept_.end(), pieces.begin(), pieces.end());
}

Status StreamTarget::Commit(PgConnection& connection, CheckpointId checkpoint,
                            const std::vector<StagedPiece>& pieces) {
  landing_.clear();
  landing_finish_ = false;
  landing_next_ = next_table_;
  landing_inserted_ = 0;
  newest_ = std::max(newest_, checkpoint);
  MR_ASSIGN_OR_RETURN(TableNote note, ledger_.LockFor(connection, table_, context_.fencing_token));
  TableName into = table_;
  if (replacing_ || appends_hidden()) {
    if (note.next_table.empty()) {
      note.next_table = stage_prefix_ + "next";
      note.next_generation = stream_.generation_id;
      note.next_epoch = context_.epoch;
      MR_RETURN_IF_ERROR(ledger_.Store(connection, table_, note));
    }
    into = {ledger_.schema(), note.next_table};
    landing_next_ = note.next_table;
  }
  MR_ASSIGN_OR_RETURN(auto batches, BatchesOf(connection, pieces));
  MR_RETURN_IF_ERROR(Land(connection, into, checkpoint, std::move(batches)));
  landing_ = pieces;
  return Status::Ok();
}

Status StreamTarget::Land(PgConnection& connection, const TableName& into, CheckpointId checkpoint,
                          std::vector<Batch> batches) {
  MergeRule rule;
  {
    std::lock_guard lock(mutex_);
    rule = rule_;
  }
  Landing landing(connection, rule);
  for (const Batch& batch : batches) {
    CommitNote note;
    note.epoch = context_.epoch;
    note.checkpoint = checkpoint;
    MR_ASSIGN_OR_RETURN(const auto existing, FindTable(connection, into));
    if (batch.truncates && existing) {
      MR_RETURN_IF_ERROR(connection.Execute("DELETE FROM " + into.Sql()));
    }
    if (batch.traits.rows == 0) continue;
    if (!existing && batch.exclusive && batch.stage.logged) {
      MR_RETURN_IF_ERROR(landing.Settle(batch.stage, batch.traits));
      MR_RETURN_IF_ERROR(EnsureSchema(connection, into.schema));
      MR_RETURN_IF_ERROR(landing.Become(into, batch.stage));
      note.kind = CommitNote::Kind::kCreated;
      note.rows = batch.traits.rows;
      MR_ASSIGN_OR_RETURN(const ExistingTable made, RequireTable(connection, into));
      note.table_oid = made.oid;
    } else {
      if (!existing) {
        MR_RETURN_IF_ERROR(EnsureSchema(connection, into.schema));
        MR_RETURN_IF_ERROR(connection.Execute(fmt::format("CREATE TABLE {} ({})", into.Sql(),
                                                          ColumnDefinitions(batch.stage.columns))));
      }
      MR_ASSIGN_OR_RETURN(const ExistingTable known, RequireTable(connection, into));
      MR_RETURN_IF_ERROR(LandInto(connection, into, known, batch, note));
    }
    MR_RETURN_IF_ERROR(landing.EnsureKeyIndex(into, table_));
    if (deduplicates()) note.kind = CommitNote::Kind::kMerged;
    MR_RETURN_IF_ERROR(ledger_.AddCommit(connection, table_, note));
  }
  return Status::Ok();
}

Status StreamTarget::LandInto(PgConnection& connection, const TableName& into,
                              const ExistingTable& existing, const Batch& batch, CommitNote& note) {
  bool rewritten = false;
  MR_ASSIGN_OR_RETURN(const ExistingTable evolved,
                      EvolveTable(connection, into, existing, batch.stage.columns,
                                  ours_ ? Ownership::kOurs : Ownership::kForeign, &rewritten));
  if (rewritten && inserted_commits_ + landing_inserted_ > 0) {
    // Every row would look inserted by this transaction. The next attempt has nothing unsaved.
    return TransientError(
        "the type of a column of {} became wider while rows were added whose state may not be "
        "saved yet; the next attempt goes on with the wider type",
        table_.ToString());
  }
  MergeRule rule;
  {
    std::lock_guard lock(mutex_);
    rule = rule_;
  }
  Landing landing(connection, rule);
  MR_RETURN_IF_ERROR(landing.EnsureKeyIndex(into, table_));
  MR_ASSIGN_OR_RETURN(note.rows, landing.MoveInto(into, evolved, batch.stage, batch.traits));
  note.table_oid = existing.oid;
  if (!deduplicates()) ++landing_inserted_;
  return DropTable(connection, batch.stage.table);
}

Result<bool> StreamTarget::HasCommitted(PgConnection& connection, CheckpointId checkpoint) const {
  MR_ASSIGN_OR_RETURN(const auto commits, ledger_.Commits(connection, table_));
  return std::any_of(commits.begin(), commits.end(), [&](const CommitNote& note) {
    return note.epoch == context_.epoch && note.checkpoint == checkpoint;
  });
}

Status StreamTarget::DropStages(PgConnection& connection) {
  std::vector<TableName> tables;
  {
    std::lock_guard lock(mutex_);
    for (const auto& use : stages_) tables.push_back(use->stage.table);
    stages_.clear();
  }
  for (const TableName& table : tables) MR_RETURN_IF_ERROR(DropTable(connection, table));
  return Status::Ok();
}

}  // namespace millrace
