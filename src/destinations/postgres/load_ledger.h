#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "clients/postgres/pg_connection.h"
#include "connector/destination.h"
#include "destinations/postgres/table_name.h"

namespace millrace {

/// What is noted about a stream's table beside it: one row of `millrace_tables`. A plain value.
struct TableNote {
  std::string connection;     ///< of the last attempt that opened the table
  int64_t fencing_token = 0;  ///< the newest attempt's
  int64_t generation = -1;    ///< that readers see; -1: none was completed
  std::string epoch;          ///< in which it was completed
  // A generation that replaces the visible one over several attempts.
  std::string next_table;  ///< in the internal schema; empty: none
  int64_t next_generation = 0;
  std::string next_epoch;
};

/// One commit into a table: a row of `millrace_commits`, written in the same transaction as the
/// rows that it speaks of.
struct CommitNote {
  enum class Kind {
    kInserted,  ///< its rows are those whose xmin is `transaction`
    kCreated,   ///< it made the table, or filled it from empty: its rows are all that there were
    kMerged,    ///< by key: a repeat gives the same, nothing is withdrawn
  };

  std::string epoch;
  CheckpointId checkpoint = 0;
  Kind kind = Kind::kInserted;
  int64_t transaction = 0;  ///< txid_current()
  uint32_t table_oid = 0;   ///< that the rows went to
  int64_t rows = 0;
};

/// The destination's own tables, in the internal schema: who may write what, and what was
/// committed under which checkpoint. See docs/decisions/postgres-withdrawal.md. Every call is part
/// of the caller's transaction. Thread-compatible; a cheap value.
class LoadLedger {
 public:
  explicit LoadLedger(std::string schema) : schema_(std::move(schema)) {}

  const std::string& schema() const { return schema_; }

  /// Makes schema and tables, unless they are there.
  Status Ensure(PgConnection& connection) const;

  /// The table's note, locked until the transaction ends; a new one where there is none.
  Result<TableNote> Lock(PgConnection& connection, const TableName& table) const;
  /// The same; a system error when a newer attempt than `fencing_token` has opened the table.
  Result<TableNote> LockFor(PgConnection& connection, const TableName& table,
                            int64_t fencing_token) const;
  Status Store(PgConnection& connection, const TableName& table, const TableNote& note) const;

  Status AddCommit(PgConnection& connection, const TableName& table, const CommitNote& note) const;
  /// Oldest first.
  Result<std::vector<CommitNote>> Commits(PgConnection& connection, const TableName& table) const;
  Status ForgetCommits(PgConnection& connection, const TableName& table) const;

 private:
  std::string Notes() const { return QualifiedName(schema_, "millrace_tables"); }
  std::string CommitTable() const { return QualifiedName(schema_, "millrace_commits"); }

  std::string schema_;
};

}  // namespace millrace
