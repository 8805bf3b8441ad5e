#include "control/store/migrations.h"

#include <string>
#include <vector>

#include "base/log.h"
#include "control/store/embedded_migrations.h"

namespace millrace {
namespace {

/// The statements of a script: they end with a semicolon at the end of a line.
std::vector<std::string> StatementsOf(std::string_view script) {
  std::vector<std::string> statements;
  std::string statement;
  for (size_t at = 0; at < script.size();) {
    const size_t end = std::min(script.find('\n', at), script.size());
    std::string line(script.substr(at, end - at));
    at = end + 1;
    line.resize(std::min(line.find("--"), line.size()));
    while (line.ends_with(' ')) line.pop_back();
    if (line.empty()) continue;
    statement += line;
    if (line.ends_with(';')) {
      statement.pop_back();
      statements.push_back(std::exchange(statement, {}));
    } else {
      statement += '\n';
    }
  }
  return statements;
}

Result<int64_t> VersionOf(SqlTransaction& transaction) {
  MR_ASSIGN_OR_RETURN(const auto rows,
                      transaction.Query("SELECT coalesce(max(number), 0) FROM migration"));
  return rows.at(0).Integer(0);
}

/// Whoever comes second waits here (PostgreSQL) or has waited for the transaction (SQLite).
Status WaitForOthers(SqlTransaction& transaction, SqlDatabase::Engine engine) {
  if (engine != SqlDatabase::Engine::kPostgres) return Status::Ok();
  constexpr int64_t kLock = 0x4D696C6C72616365;  // any number that nobody else takes
  return transaction.Query("SELECT 1 FROM (SELECT pg_advisory_xact_lock(:1)) AS locked", {kLock})
      .status();
}

Status Apply(SqlTransaction& transaction, SqlDatabase::Engine engine, int64_t number,
             const EmbeddedMigration& migration) {
  MR_RETURN_IF_ERROR(WaitForOthers(transaction, engine));
  MR_ASSIGN_OR_RETURN(const int64_t version, VersionOf(transaction));
  if (version >= number) return Status::Ok();
  for (const std::string& statement : StatementsOf(migration.sql)) {
    MR_RETURN_IF_ERROR(transaction.Execute(statement).status());
  }
  Log(LogLevel::kInfo, "metadata database: applied {}", migration.name);
  return transaction
      .Execute("INSERT INTO migration (number, name) VALUES (:1, :2)",
               {number, std::string(migration.name)})
      .status();
}

}  // namespace

Status Migrate(SqlDatabase& database) {
  MR_RETURN_IF_ERROR(database.Write([&](SqlTransaction& transaction) {
    MR_RETURN_IF_ERROR(WaitForOthers(transaction, database.engine()));
    return transaction
        .Execute(
            "CREATE TABLE IF NOT EXISTS migration (number BIGINT PRIMARY KEY, name TEXT NOT NULL)")
        .status();
  }));
  int64_t version = 0;
  MR_RETURN_IF_ERROR(database.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(version, VersionOf(transaction));
    return Status::Ok();
  }));
  const auto migrations = EmbeddedMigrations();
  if (version > static_cast<int64_t>(migrations.size())) {
    return ConfigError(
        "the metadata database is of a newer version ({}) than this program knows ({}): start the "
        "newer program",
        version, migrations.size());
  }
  for (size_t i = static_cast<size_t>(version); i < migrations.size(); ++i) {
    const Status applied = database.Write([&](SqlTransaction& transaction) {
      return Apply(transaction, database.engine(), static_cast<int64_t>(i) + 1, migrations[i]);
    });
    if (!applied.ok()) return applied.WithContext(migrations[i].name);
  }
  return Status::Ok();
}

Status NotSetUp() {
  return ConfigError(
      "no server has set up this database yet: start `millrace server --database-url …` first");
}

Status CheckMigrated(SqlDatabase& database) {
  int64_t version = 0;
  const Status read = database.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(
        const auto tables,
        transaction.Query(
            database.engine() == SqlDatabase::Engine::kPostgres
                ? "SELECT count(*) FROM pg_tables WHERE tablename = 'migration' AND "
                  "schemaname = ANY (current_schemas(false))"
                : "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = "
                  "'migration'"));
    if (tables.at(0).Integer(0) == 0) return Status::Ok();
    MR_ASSIGN_OR_RETURN(version, VersionOf(transaction));
    return Status::Ok();
  });
  MR_RETURN_IF_ERROR(read);
  const auto known = static_cast<int64_t>(EmbeddedMigrations().size());
  if (version == 0) return NotSetUp();
  if (version == known) return Status::Ok();
  return ConfigError(
      "the metadata database is of version {}, this program of {}: start the server of this "
      "program's version first, or the program of the server's version",
      version, known);
}

}  // namespace millrace
