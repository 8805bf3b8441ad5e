// What StreamTarget does at a stream's end: generations are swapped, staged rows land.

#include <algorithm>
#include <utility>

#include "connector/meta_column.h"
#include "destinations/postgres/stream_target.h"
#include "destinations/postgres/table_columns.h"

namespace millrace {

Result<StreamTarget::Batch> StreamTarget::Combine(PgConnection& connection,
                                                  std::vector<Batch> batches) {
  // What a truncate voids never counts.
  for (size_t i = batches.size(); i-- > 0;) {
    if (!batches[i].truncates) continue;
    batches.erase(batches.begin(), batches.begin() + static_cast<std::ptrdiff_t>(i));
    break;
  }
  std::erase_if(batches, [](const Batch& batch) { return batch.traits.rows == 0; });
  if (batches.empty()) {
    Batch empty;
    empty.exclusive = true;
    MR_ASSIGN_OR_RETURN(empty.stage, MakeStage(connection, Columns(), {}, true));
    return empty;
  }
  Batch base = batches.front();
  if (!base.exclusive || !base.stage.logged) {
    MR_ASSIGN_OR_RETURN(base.stage,
                        MakeStage(connection, base.stage.columns, base.stage.marks, true));
    base.traits = {};
  } else {
    batches.erase(batches.begin());
  }
  const MergeRule plain;
  for (const Batch& batch : batches) {
    // The marks are columns as any other here.
    Stage more = batch.stage;
    const auto with_marks = [](const Stage& stage) {
      std::vector<TargetColumn> columns = stage.columns;
      for (const std::string& mark : stage.MarkColumns()) {
        const bool list = mark == kUnsentColumn;
        const bool flag = mark == kEmptyColumn;
        columns.push_back({mark,
                           TableColumnType::Parse(list   ? "integer[]"
                                                  : flag ? "boolean"
                                                         : "bigint"),
                           false});
      }
      return columns;
    };
    more.columns = with_marks(batch.stage);
    MR_ASSIGN_OR_RETURN(const ExistingTable existing, RequireTable(connection, base.stage.table));
    bool rewritten = false;
    MR_ASSIGN_OR_RETURN(const ExistingTable evolved,
                        EvolveTable(connection, base.stage.table, existing, batch.stage.columns,
                                    Ownership::kOurs, &rewritten));
    base.stage.marks.unsent = base.stage.marks.unsent || batch.stage.marks.unsent;
    MR_ASSIGN_OR_RETURN(const PgRows added,
                        connection.Query(MergeSql(plain, more).Insert(base.stage.table, evolved)));
    if (added.affected_rows() != batch.traits.rows) {
      return TransientError("the staging table {} lost rows; did the server restart?",
                            batch.stage.table.ToString());
    }
    MR_RETURN_IF_ERROR(DropTable(connection, batch.stage.table));
    base.traits.rows += batch.traits.rows;
    base.traits.null_keys = base.traits.null_keys || batch.traits.null_keys;
    base.traits.unsent = base.traits.unsent || batch.traits.unsent;
  }
  // As the server has it now.
  MR_ASSIGN_OR_RETURN(const ExistingTable combined, RequireTable(connection, base.stage.table));
  const std::vector<std::string> marks = base.stage.MarkColumns();
  base.stage.columns.clear();
  for (const ExistingTable::Column& column : combined.columns) {
    if (std::find(marks.begin(), marks.end(), column.name) == marks.end()) {
      base.stage.columns.push_back({column.name, column.type, false});
    }
  }
  return base;
}

Status StreamTarget::Replace(PgConnection& connection, TableNote& note) {
  MergeRule rule;
  {
    std::lock_guard lock(mutex_);
    rule = rule_;
  }
  Landing landing(connection, rule);
  Stage fresh;
  if (!lands_at_commit()) {
    MR_ASSIGN_OR_RETURN(auto batches, BatchesOf(connection, kept_));
    MR_ASSIGN_OR_RETURN(const Batch base, Combine(connection, std::move(batches)));
    if (base.traits.rows > 0) MR_RETURN_IF_ERROR(landing.Settle(base.stage, base.traits));
    fresh = base.stage;
    landing_ = kept_;
  } else if (!note.next_table.empty()) {
    MR_ASSIGN_OR_RETURN(fresh, NextStage(connection, note));
  } else {
    MR_ASSIGN_OR_RETURN(fresh, MakeStage(connection, Columns(), {}, true));
  }
  MR_RETURN_IF_ERROR(EnsureSchema(connection, table_.schema));
  // Before readers wait for the swap; it goes along. Where the old table stays, it gets its own.
  MR_RETURN_IF_ERROR(landing.EnsureKeyIndex(fresh.table, table_));
  MR_RETURN_IF_ERROR(SwapTable(connection, landing, table_, fresh, options_.dependents));
  MR_RETURN_IF_ERROR(landing.EnsureKeyIndex(table_, table_));
  note.next_table.clear();
  landing_next_.clear();
  return ledger_.ForgetCommits(connection, table_);
}

Result<Stage> StreamTarget::NextStage(PgConnection& connection, const TableNote& note) const {
  Stage next;
  next.table = {ledger_.schema(), note.next_table};
  MR_ASSIGN_OR_RETURN(const ExistingTable existing, RequireTable(connection, next.table));
  for (const ExistingTable::Column& column : existing.columns) {
    next.columns.push_back({column.name, column.type, false});
  }
  next.logged = true;
  return next;
}

Status StreamTarget::AddNext(PgConnection& connection, TableNote& note) {
  if (note.next_table.empty()) return Status::Ok();  // no rows, or added before
  Batch batch;
  MR_ASSIGN_OR_RETURN(batch.stage, NextStage(connection, note));
  batch.exclusive = true;
  MR_ASSIGN_OR_RETURN(const PgRows count,
                      connection.Query("SELECT count(*) FROM " + batch.stage.table.Sql()));
  batch.traits.rows = count.Int(0, 0);
  inserted_commits_ = 0;  // their states are saved: nothing of them is withdrawn
  if (batch.traits.rows == 0) {
    MR_RETURN_IF_ERROR(DropTable(connection, batch.stage.table));
  } else {
    MR_RETURN_IF_ERROR(Land(connection, table_, newest_, {batch}));
  }
  note.next_table.clear();
  landing_next_.clear();
  return ledger_.ForgetCommits(connection, table_);
}

Status StreamTarget::RemoveOldGenerations(PgConnection& connection) {
  MR_ASSIGN_OR_RETURN(const auto existing, FindTable(connection, table_));
  if (!existing) {
    MR_RETURN_IF_ERROR(EnsureSchema(connection, table_.schema));
    return connection.Execute(
        fmt::format("CREATE TABLE {} ({})", table_.Sql(), ColumnDefinitions(Columns())));
  }
  if (stream_.minimum_generation_id <= 0 || existing->Find(kGenerationIdColumn) == nullptr) {
    return Status::Ok();
  }
  return connection.Execute(fmt::format("DELETE FROM {} WHERE {} < {}", table_.Sql(),
                                        QuoteIdentifier(kGenerationIdColumn),
                                        stream_.minimum_generation_id));
}

Status StreamTarget::Finish(PgConnection& connection, StreamStatus status) {
  landing_.clear();
  landing_finish_ = false;
  landing_next_ = next_table_;
  landing_inserted_ = 0;
  if (status != StreamStatus::kComplete) {
    kept_.clear();
    return Status::Ok();
  }
  if (Columns().empty()) {
    MR_ASSIGN_OR_RETURN(const auto columns, DeclaredColumns(stream_));
    SetColumns(columns);
  }
  MR_ASSIGN_OR_RETURN(TableNote note, ledger_.LockFor(connection, table_, context_.fencing_token));
  if (replacing_) {
    MR_RETURN_IF_ERROR(Replace(connection, note));
  } else {
    if (appends_hidden()) {
      MR_RETURN_IF_ERROR(AddNext(connection, note));
    } else if (!kept_.empty()) {
      MR_ASSIGN_OR_RETURN(auto batches, BatchesOf(connection, kept_));
      MR_RETURN_IF_ERROR(Land(connection, table_, newest_, std::move(batches)));
      landing_ = kept_;
    }
    MR_RETURN_IF_ERROR(RemoveOldGenerations(connection));
  }
  landing_finish_ = true;
  note.generation = stream_.generation_id;
  note.epoch = context_.epoch;
  return ledger_.Store(connection, table_, note);
}

Result<bool> StreamTarget::HasFinished(PgConnection& connection) const {
  // A finish that lands or swaps takes the tables away that it took the rows from.
  std::string source = next_table_;
  if (!kept_.empty()) source = kept_.front().stage.name;
  if (source.empty()) return false;  // can be done twice
  MR_ASSIGN_OR_RETURN(const auto table, FindTable(connection, {ledger_.schema(), source}));
  return !table.has_value();
}

void StreamTarget::Settled() {
  inserted_commits_ += landing_inserted_;
  next_table_ = landing_next_;
  std::lock_guard lock(mutex_);
  if (!landing_.empty() || landing_finish_) landed_exists_ = true;
  for (const StagedPiece& piece : landing_) {
    for (const auto& use : stages_) {
      if (use->stage.table == piece.stage && piece.rows > 0) --use->pieces;
    }
  }
  std::erase_if(stages_,
                [](const auto& use) { return use->sealed && use->open == 0 && use->pieces == 0; });
  if (landing_finish_) {
    kept_.clear();
    replacing_ = false;
  }
  landing_.clear();
}

}  // namespace millrace
