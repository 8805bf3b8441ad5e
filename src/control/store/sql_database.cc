#include "control/store/sql_database.h"

#include <libpq-fe.h>
#include <soci/postgresql/soci-postgresql.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <atomic>
#include <cstring>
#include <deque>
#include <optional>

#include "control/store/sqlite_file.h"

namespace millrace {
namespace {

constexpr int kAttemptsMax = 5;
constexpr int kLeaseWaitMs = 30'000;
constexpr std::string_view kSqlite = "sqlite://";
constexpr std::string_view kPostgres = "postgresql://";
constexpr std::string_view kDuplicateKey = "duplicate key";

enum class Trouble { kOther, kLostRace, kLostConnection, kDuplicate, kDiskFull };

Trouble TroubleOf(const soci::soci_error& error) {
  if (const auto* postgres = dynamic_cast<const soci::postgresql_soci_error*>(&error)) {
    const std::string state = postgres->sqlstate();
    if (state == "40001" || state == "40P01") return Trouble::kLostRace;
    if (state == "23505") return Trouble::kDuplicate;
    if (state == "53100") return Trouble::kDiskFull;
    if (state.starts_with("08") || state.starts_with("57P") ||
        state.find_first_not_of(' ') == std::string::npos) {
      return Trouble::kLostConnection;
    }
    return Trouble::kOther;
  }
  if (const auto* sqlite = dynamic_cast<const soci::sqlite3_soci_error*>(&error)) {
    if (sqlite->result() == SQLITE_BUSY || sqlite->result() == SQLITE_LOCKED) {
      return Trouble::kLostRace;
    }
    // A file that may not grow is an I/O error to SQLite.
    if (sqlite->result() == SQLITE_FULL || sqlite->result() == SQLITE_IOERR) {
      return Trouble::kDiskFull;
    }
    const bool duplicate =
        sqlite->result() == SQLITE_CONSTRAINT && std::strstr(sqlite->what(), "UNIQUE") != nullptr;
    return duplicate ? Trouble::kDuplicate : Trouble::kOther;
  }
  // A session that could not be connected anew: SOCI's own error, before any server is asked.
  const bool unconnected = error.get_error_category() == soci::soci_error::connection_error ||
                           std::strstr(error.what(), "not connected") != nullptr;
  return unconnected ? Trouble::kLostConnection : Trouble::kOther;
}

Status StatusOf(const soci::soci_error& error) {
  Error made{
      FailureType::kSystemError, "the metadata database refused a statement", error.what(), {}};
  switch (TroubleOf(error)) {
    case Trouble::kDuplicate:
      made.internal = fmt::format("{}: {}", kDuplicateKey, error.what());
      break;
    case Trouble::kLostConnection:
    case Trouble::kLostRace:
      made.type = FailureType::kTransientError;
      made.message = "the metadata database is busy or away";
      break;
    case Trouble::kDiskFull:
      made.type = FailureType::kTransientError;
      made.message = "the metadata database can't be written: its disk is full";
      break;
    case Trouble::kOther:
      break;
  }
  return Status::Failed(std::move(made));
}

SqlValue ValueOf(const soci::row& row, size_t column) {
  if (row.get_indicator(column) == soci::i_null) return {};
  switch (row.get_properties(column).get_data_type()) {
    case soci::dt_integer:
      return int64_t{row.get<int>(column)};
    case soci::dt_long_long:
      return int64_t{row.get<long long>(column)};
    case soci::dt_unsigned_long_long:
      return static_cast<int64_t>(row.get<unsigned long long>(column));
    default:
      return row.get<std::string>(column);
  }
}

/// A statement with its parameters bound; they stay where they are while it runs.
class Bound {
 public:
  Bound(soci::session& session, std::string_view sql, const std::vector<SqlValue>& parameters)
      : statement_(session) {
    int number = 0;
    for (const SqlValue& value : parameters) {
      const std::string name = std::to_string(++number);
      // A null still has a type: text fits every column.
      if (const auto* integer = std::get_if<int64_t>(&value)) {
        integers_.push_back(*integer);
        statement_.exchange(soci::use(integers_.back(), name));
      } else {
        const auto* text = std::get_if<std::string>(&value);
        indicators_.push_back(text == nullptr ? soci::i_null : soci::i_ok);
        texts_.push_back(text == nullptr ? "" : *text);
        statement_.exchange(soci::use(texts_.back(), indicators_.back(), name));
      }
    }
    sql_ = sql;
  }

  std::vector<SqlRow> Rows() {
    statement_.exchange(soci::into(row_));
    Prepare();
    std::vector<SqlRow> rows;
    for (bool more = statement_.execute(true); more; more = statement_.fetch()) {
      std::vector<SqlValue> values;
      for (size_t column = 0; column < row_.size(); ++column) {
        values.push_back(ValueOf(row_, column));
      }
      rows.emplace_back(std::move(values));
    }
    return rows;
  }

  int64_t Touched() {
    Prepare();
    statement_.execute(true);
    return statement_.get_affected_rows();
  }

 private:
  void Prepare() {
    statement_.alloc();
    statement_.prepare(sql_);
    statement_.define_and_bind();
  }

  std::string sql_;
  soci::row row_;
  std::deque<long long> integers_;
  std::deque<std::string> texts_;
  std::deque<soci::indicator> indicators_;
  soci::statement statement_;
};

class Transaction : public SqlTransaction {
 public:
  Transaction(soci::session& session, SqlEngine engine) : session_(session), engine_(engine) {}

  Result<std::vector<SqlRow>> Query(std::string_view sql,
                                    const std::vector<SqlValue>& parameters) override {
    return Run(sql, parameters, &Bound::Rows);
  }
  Result<int64_t> Execute(std::string_view sql, const std::vector<SqlValue>& parameters) override {
    return Run(sql, parameters, &Bound::Touched);
  }
  SqlEngine engine() const override { return engine_; }
  Trouble trouble() const { return trouble_; }

 private:
  template <typename T>
  Result<T> Run(std::string_view sql, const std::vector<SqlValue>& parameters, T (Bound::*step)()) {
    try {
      Bound bound(session_, sql, parameters);
      return (bound.*step)();
    } catch (const soci::soci_error& error) {
      trouble_ = TroubleOf(error);
      return StatusOf(error).WithContext(std::string(sql.substr(0, 60)));
    }
  }

  soci::session& session_;
  const SqlEngine engine_;
  Trouble trouble_ = Trouble::kOther;
};

/// A connection of the pool, for as long as this lives.
class Lease {
 public:
  Lease(soci::connection_pool& pool, std::atomic<int>& used) : pool_(pool), used_(used) {
    taken_ = pool_.try_lease(position_, kLeaseWaitMs);
    used_ += taken_ ? 1 : 0;
  }
  ~Lease() {
    if (!taken_) return;
    pool_.give_back(position_);
    --used_;
  }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

  bool taken() const { return taken_; }
  soci::session& session() { return pool_.at(position_); }

 private:
  soci::connection_pool& pool_;
  std::atomic<int>& used_;
  size_t position_ = 0;
  bool taken_ = false;
};

/// What libpq and SQLite say of a failed login, in a line. Only of sentences whose words are known
/// to hold no password: one that is malformed may quote a part of the address that is.
std::string CauseOf(std::string_view text) {
  constexpr std::string_view kFailed = "connection to server at ";
  constexpr const char* kAdvice = "check its address and login";
  const size_t at = text.find(kFailed);
  if (at == std::string_view::npos) return kAdvice;
  text = text.substr(at + kFailed.size());
  text = text.substr(0, text.find('\n'));
  return fmt::format("the server at {} ({})", text, kAdvice);
}

class PooledDatabase : public SqlDatabase {
 public:
  /// `file`: SQLite's.
  PooledDatabase(std::optional<SqliteFile> file, int connections)
      : engine_(file ? Engine::kSqlite : Engine::kPostgres),
        file_(std::move(file)),
        size_(connections),
        pool_(static_cast<size_t>(connections)) {}

  Status Connect(const std::string& target, int connections) {
    for (int i = 0; i < connections; ++i) {
      try {
        soci::session& session = pool_.at(static_cast<size_t>(i));
        if (engine_ == Engine::kSqlite) {
          session.open(*soci::factory_sqlite3(), target);
          session << "PRAGMA journal_mode = WAL";
          session << "PRAGMA synchronous = FULL";
          session << "PRAGMA foreign_keys = ON";
          session << "PRAGMA busy_timeout = 5000";
        } else {
          session.open(*soci::factory_postgresql(), target);
          session << "SET client_min_messages = warning";
        }
      } catch (const soci::soci_error& error) {
        return Status::Failed({FailureType::kConfigError,
                               "can't open the metadata database: " + CauseOf(error.what()),
                               error.what(),
                               {}});
      }
    }
    return Status::Ok();
  }

  Status Write(const Work& work) override {
    return Run(work, engine_ == Engine::kSqlite ? "BEGIN IMMEDIATE" : "BEGIN");
  }
  Status Read(const Work& work) override {
    return Run(work, engine_ == Engine::kSqlite
                         ? "BEGIN"
                         : "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY");
  }
  Status CheckThere() const override { return file_ ? file_->CheckThere() : Status::Ok(); }
  Engine engine() const override { return engine_; }
  PoolUse pool_use() const override { return {size_, used_}; }

 private:
  Status Run(const Work& work, const char* begin) {
    MR_RETURN_IF_ERROR(CheckThere());
    Lease lease(pool_, used_);
    if (!lease.taken()) return TransientError("the metadata database is busy: try again");
    Status status;
    for (int attempt = 1; attempt <= kAttemptsMax; ++attempt) {
      bool again = false;
      status = Once(lease.session(), work, begin, &again);
      if (!again) break;
    }
    return status;
  }

  Status Once(soci::session& session, const Work& work, const char* begin, bool* again) {
    Transaction transaction(session, engine_);
    try {
      session << begin;
    } catch (const soci::soci_error& error) {
      *again = TroubleOf(error) == Trouble::kLostRace || Reconnected(session, TroubleOf(error));
      return StatusOf(error);
    }
    Status status = work(transaction);
    // What is committed into a file that was moved away meanwhile is lost.
    if (status.ok()) status = CheckThere();
    try {
      session << (status.ok() ? "COMMIT" : "ROLLBACK");
    } catch (const soci::soci_error& error) {
      // Whether a lost COMMIT took effect is not known: nobody may run it again.
      *again = status.ok() && TroubleOf(error) == Trouble::kLostRace;
      if (status.ok()) status = StatusOf(error);
      Reconnected(session, TroubleOf(error));
      return status;
    }
    *again = !status.ok() && transaction.trouble() == Trouble::kLostRace;
    return status;
  }

  static bool Reconnected(soci::session& session, Trouble trouble) {
    if (trouble != Trouble::kLostConnection) return false;
    try {
      session.reconnect();
      return true;
    } catch (const soci::soci_error&) {
      return false;
    }
  }

  const Engine engine_;
  const std::optional<SqliteFile> file_;
  const int size_;
  std::atomic<int> used_ = 0;
  soci::connection_pool pool_;
};

/// libpq's own "keyword='value' …" form of a URI, which SOCI hands on as it is.
Result<std::string> ConnectionInfoOf(const std::string& uri) {
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(
      PQconninfoParse(uri.c_str(), nullptr), &PQconninfoFree);
  if (options == nullptr) return ConfigError("the metadata database's address is no valid URI");
  std::string info;
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val == nullptr) continue;
    info += fmt::format("{}{}='", info.empty() ? "" : " ", option->keyword);
    for (const char* p = option->val; *p != '\0'; ++p) {
      if (*p == '\'' || *p == '\\') info += '\\';
      info += *p;
    }
    info += '\'';
  }
  return info;
}

}  // namespace

Result<std::unique_ptr<SqlDatabase>> SqlDatabase::Open(const std::string& url, int connections) {
  const bool sqlite = url.starts_with(kSqlite);
  if (!sqlite && !url.starts_with(kPostgres)) {
    return ConfigError("the metadata database's address must begin with {} or {}", kPostgres,
                       kSqlite);
  }
  std::string target = url;
  std::optional<SqliteFile> file;
  if (sqlite) {
    target = url.substr(kSqlite.size());
    MR_ASSIGN_OR_RETURN(file, SqliteFile::Open(target));
    target = fmt::format("dbname=\"{}\" timeout=5", target);
  } else {
    MR_ASSIGN_OR_RETURN(target, ConnectionInfoOf(url));
  }
  auto database = std::make_unique<PooledDatabase>(std::move(file), connections);
  MR_RETURN_IF_ERROR(database->Connect(target, connections));
  return std::unique_ptr<SqlDatabase>(std::move(database));
}

bool IsDuplicateKey(const Status& status) {
  return status.failed() && status.error().internal.starts_with(kDuplicateKey);
}

}  // namespace millrace
