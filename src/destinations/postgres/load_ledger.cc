#include "destinations/postgres/load_ledger.h"

#include "destinations/postgres/existing_table.h"

namespace millrace {
namespace {

constexpr const char* kKinds[] = {"inserted", "created", "merged"};

CommitNote::Kind KindOf(std::string_view text) {
  for (int i = 0; i < 3; ++i) {
    if (text == kKinds[i]) return static_cast<CommitNote::Kind>(i);
  }
  return CommitNote::Kind::kMerged;
}

constexpr const char* kNoteColumns =
    "connection, fencing_token, generation_id, epoch, next_table, next_generation_id, next_epoch";

}  // namespace

Status LoadLedger::Ensure(PgConnection& connection) const {
  MR_ASSIGN_OR_RETURN(const auto notes, FindTable(connection, {schema_, "millrace_tables"}));
  MR_ASSIGN_OR_RETURN(const auto commits, FindTable(connection, {schema_, "millrace_commits"}));
  if (notes && commits) return Status::Ok();
  // Two that begin at a time would both try: one after the other. The number is any constant.
  MR_RETURN_IF_ERROR(connection.Execute("BEGIN; SELECT pg_advisory_xact_lock(7311482291)"));
  Status status = EnsureSchema(connection, schema_);
  if (status.ok()) {
    status = connection.Execute(
        "CREATE TABLE IF NOT EXISTS " + Notes() +
        " (table_schema text, table_name text, connection text NOT NULL, fencing_token bigint NOT "
        "NULL, generation_id bigint NOT NULL, epoch text NOT NULL, next_table text NOT NULL, "
        "next_generation_id bigint NOT NULL, next_epoch text NOT NULL, PRIMARY KEY (table_schema, "
        "table_name)); CREATE TABLE IF NOT EXISTS " +
        CommitTable() +
        " (table_schema text, table_name text, epoch text, checkpoint bigint, kind text NOT NULL, "
        "transaction_id bigint, table_oid bigint NOT NULL, row_count bigint NOT NULL, committed_at "
        "timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (table_schema, table_name, epoch, "
        "checkpoint, transaction_id)); COMMIT");
  }
  if (!status.ok() && connection.usable()) {
    const Status undone = connection.Execute("ROLLBACK");
    if (!undone.ok()) return undone;
  }
  return status.WithContext("preparing the schema " + schema_);
}

Result<TableNote> LoadLedger::Lock(PgConnection& connection, const TableName& table) const {
  MR_RETURN_IF_ERROR(
      connection
          .Query(
              "INSERT INTO " + Notes() + " (table_schema, table_name, " + kNoteColumns +
                  ") VALUES ($1, $2, '', -9223372036854775808, -1, '', '', 0, '') ON CONFLICT DO "
                  "NOTHING",
              {table.schema, table.name})
          .status());
  MR_ASSIGN_OR_RETURN(
      const PgRows rows,
      connection.Query(std::string("SELECT ") + kNoteColumns + " FROM " + Notes() +
                           " WHERE table_schema = $1 AND table_name = $2 FOR UPDATE",
                       {table.schema, table.name}));
  if (rows.num_rows() != 1) return SystemError("the note of {} has gone", table.ToString());
  TableNote note;
  note.connection = rows.Text(0, 0);
  note.fencing_token = rows.Int(0, 1);
  note.generation = rows.Int(0, 2);
  note.epoch = rows.Text(0, 3);
  note.next_table = rows.Text(0, 4);
  note.next_generation = rows.Int(0, 5);
  note.next_epoch = rows.Text(0, 6);
  return note;
}

Result<TableNote> LoadLedger::LockFor(PgConnection& connection, const TableName& table,
                                      int64_t fencing_token) const {
  MR_ASSIGN_OR_RETURN(TableNote note, Lock(connection, table));
  if (note.fencing_token > fencing_token) {
    return SystemError(
        "a newer attempt ({} after {}) has opened the table {}; this one stops. Is another sync "
        "running, or is this machine's clock slow?",
        note.fencing_token, fencing_token, table.ToString());
  }
  return note;
}

Status LoadLedger::Store(PgConnection& connection, const TableName& table,
                         const TableNote& note) const {
  return connection
      .Query("UPDATE " + Notes() +
                 " SET connection = $3, fencing_token = $4::bigint, generation_id = $5::bigint, "
                 "epoch = $6, next_table = $7, next_generation_id = $8::bigint, next_epoch = $9 "
                 "WHERE table_schema = $1 AND table_name = $2",
             {table.schema, table.name, note.connection, std::to_string(note.fencing_token),
              std::to_string(note.generation), note.epoch, note.next_table,
              std::to_string(note.next_generation), note.next_epoch})
      .status();
}

Status LoadLedger::AddCommit(PgConnection& connection, const TableName& table,
                             const CommitNote& note) const {
  return connection
      .Query("INSERT INTO " + CommitTable() +
                 " (table_schema, table_name, epoch, checkpoint, kind, transaction_id, table_oid, "
                 "row_count) VALUES ($1, $2, $3, $4::bigint, $5, txid_current(), $6::bigint, "
                 "$7::bigint) ON CONFLICT (table_schema, table_name, epoch, checkpoint, "
                 "transaction_id) DO UPDATE SET row_count = millrace_commits.row_count + "
                 "excluded.row_count",
             {table.schema, table.name, note.epoch, std::to_string(note.checkpoint),
              kKinds[static_cast<int>(note.kind)], std::to_string(note.table_oid),
              std::to_string(note.rows)})
      .status();
}

Result<std::vector<CommitNote>> LoadLedger::Commits(PgConnection& connection,
                                                    const TableName& table) const {
  MR_ASSIGN_OR_RETURN(
      const PgRows rows,
      connection.Query(
          "SELECT epoch, checkpoint, kind, transaction_id, table_oid, row_count FROM " +
              CommitTable() +
              " WHERE table_schema = $1 AND table_name = $2 ORDER BY checkpoint, "
              "transaction_id",
          {table.schema, table.name}));
  std::vector<CommitNote> notes;
  for (int row = 0; row < rows.num_rows(); ++row) {
    notes.push_back({rows.Text(row, 0), static_cast<CheckpointId>(rows.Int(row, 1)),
                     KindOf(rows.Value(row, 2)), rows.Int(row, 3),
                     static_cast<uint32_t>(rows.Int(row, 4)), rows.Int(row, 5)});
  }
  return notes;
}

Status LoadLedger::ForgetCommits(PgConnection& connection, const TableName& table) const {
  return connection
      .Query("DELETE FROM " + CommitTable() + " WHERE table_schema = $1 AND table_name = $2",
             {table.schema, table.name})
      .status();
}

}  // namespace millrace
