#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "control/store/sql_row.h"

namespace millrace {

enum class SqlEngine { kSqlite, kPostgres };

/// One transaction on one connection of the pool. Handed to the work of SqlDatabase::Write and
/// Read; used by that thread only, and not kept.
class SqlTransaction {
 public:
  virtual ~SqlTransaction() = default;

  /// Runs one statement. Parameters stand in the text as :1, :2 …; they are sent apart from it.
  virtual Result<std::vector<SqlRow>> Query(std::string_view sql,
                                            const std::vector<SqlValue>& parameters = {}) = 0;
  /// Rows that an INSERT, UPDATE or DELETE touched.
  virtual Result<int64_t> Execute(std::string_view sql,
                                  const std::vector<SqlValue>& parameters = {}) = 0;

  /// For the few words that the engines don't share.
  virtual SqlEngine engine() const = 0;
};

/// The metadata database: a file (SQLite) or a PostgreSQL server, with the same tables and the same
/// statements. Lives as long as the server; owns its connections. Thread-safe: a call waits for a
/// free connection, 30 s at most.
class SqlDatabase {
 public:
  using Engine = SqlEngine;

  /// `url`: "sqlite://PATH" (made when it isn't there, mode 0600) or "postgresql://…". Contacts
  /// it; config errors say what is wrong with the address or the login. Passwords appear in no
  /// message.
  static Result<std::unique_ptr<SqlDatabase>> Open(const std::string& url, int connections);
  virtual ~SqlDatabase() = default;

  using Work = std::function<Status(SqlTransaction&)>;
  /// Runs `work` in a transaction that may change rows, durable when this returns ok; rolled back
  /// when `work` fails. Run again, up to 5 times in all, when the transaction lost against another
  /// one, so `work` must have no effect of its own.
  virtual Status Write(const Work& work) = 0;
  /// Runs `work` on one consistent view; it may change nothing.
  virtual Status Read(const Work& work) = 0;

  virtual Engine engine() const = 0;
  /// A transient error when SQLite's file is no longer where it was; Write and Read fail with it.
  /// Of PostgreSQL nothing is asked.
  virtual Status CheckThere() const = 0;

  /// The connections, and how many of them work at this moment.
  struct PoolUse {
    int size = 0;
    int used = 0;
  };
  virtual PoolUse pool_use() const = 0;
};

/// Whether a statement failed because a row with that key is there already.
bool IsDuplicateKey(const Status& status);

}  // namespace millrace
