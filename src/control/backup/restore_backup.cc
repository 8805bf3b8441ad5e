#include <ctime>
#include <nlohmann/json.hpp>

#include "base/file_io.h"
#include "base/process_lock.h"
#include "control/backup/backup.h"
#include "control/backup/backup_file.h"
#include "control/backup/backup_tables.h"
#include "control/store/embedded_migrations.h"
#include "control/store/migrations.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;

/// What of a data folder a restore replaces.
constexpr const char* kReplaced[] = {"millrace.db", "millrace.db-wal", "millrace.db-shm",
                                     "secret.key", "secret.key.next"};

Status NoBackup(const fs::path& path) {
  return ConfigError("{} is no backup that this program can read", path.string());
}

/// Calls `take` for each line, of which the first and last are as they must be.
Status EachLine(const fs::path& path, const std::function<Status(const Json&)>& take) {
  MR_ASSIGN_OR_RETURN(auto reader, BackupReader::Open(path));
  Json last;
  for (bool first = true;; first = false) {
    MR_ASSIGN_OR_RETURN(auto line, reader->Next());
    if (!line) break;
    if (first && (!line->is_object() || line->value("millrace_backup", 0) != 1)) {
      return NoBackup(path);
    }
    MR_RETURN_IF_ERROR(take(*line));
    last = *std::move(line);
  }
  if (last.is_object() && last.contains("end")) return Status::Ok();
  return ConfigError("{} is cut off: its end is missing", path.string());
}

bool IsKnownTable(const std::string& name) {
  for (const BackupTable& table : BackupTables()) {
    if (name == table.name) return true;
  }
  return false;
}

bool IsColumnName(const std::string& name) {
  return !name.empty() &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string::npos;
}

/// "INSERT INTO t (a, b) VALUES (:1, :2)"; names come from the file, so they are looked at.
Result<std::string> InsertFor(const Json& header) {
  const auto table = header.value("table", std::string());
  const auto columns = header.value("columns", std::vector<std::string>());
  if (!IsKnownTable(table) || columns.empty()) {
    return ConfigError("the backup has a table that this program doesn't know: {}", table);
  }
  std::vector<std::string> places;
  for (const std::string& column : columns) {
    if (!IsColumnName(column)) return ConfigError("the backup has a column {}", column);
    places.push_back(":" + std::to_string(places.size() + 1));
  }
  return fmt::format("INSERT INTO {} ({}) VALUES ({})", table, fmt::join(columns, ", "),
                     fmt::join(places, ", "));
}

std::vector<SqlValue> ValuesOf(const Json& row) {
  std::vector<SqlValue> values;
  for (const Json& value : row) {
    if (value.is_null()) {
      values.emplace_back();
    } else if (value.is_number_integer()) {
      values.emplace_back(value.get<int64_t>());
    } else {
      values.emplace_back(value.is_string() ? value.get<std::string>() : value.dump());
    }
  }
  return values;
}

Status InsertRows(SqlTransaction& transaction, const fs::path& path) {
  std::string insert;
  return EachLine(path, [&](const Json& line) -> Status {
    if (line.is_array()) {
      if (insert.empty()) return NoBackup(path);
      return transaction.Execute(insert, ValuesOf(line)).status();
    }
    if (!line.is_object() || !line.contains("table")) return Status::Ok();
    MR_ASSIGN_OR_RETURN(insert, InsertFor(line));
    return Status::Ok();
  });
}

/// What migrations put there, and with `force` what anybody did.
Status EmptyTables(SqlTransaction& transaction) {
  // Whoever was signed in signs in again.
  MR_RETURN_IF_ERROR(transaction.Execute("DELETE FROM session").status());
  const auto tables = BackupTables();
  for (auto table = tables.rbegin(); table != tables.rend(); ++table) {
    MR_RETURN_IF_ERROR(transaction.Execute(fmt::format("DELETE FROM {}", table->name)).status());
  }
  return Status::Ok();
}

Result<bool> IsUsed(SqlDatabase& database) {
  bool used = false;
  MR_RETURN_IF_ERROR(database.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(const auto rows, transaction.Query("SELECT count(*) FROM workspace"));
    used = rows.at(0).Integer(0) > 0;
    return Status::Ok();
  }));
  return used;
}

Status RestoreInto(const std::string& url, bool force, const fs::path& path) {
  MR_ASSIGN_OR_RETURN(const auto database, SqlDatabase::Open(url, /*connections=*/1));
  MR_RETURN_IF_ERROR(Migrate(*database));
  MR_ASSIGN_OR_RETURN(const bool used, IsUsed(*database));
  if (used && !force) {
    return ConfigError(
        "the database holds a server's metadata already: give --force to replace it");
  }
  return RestoreRows(*database, path);
}

bool IsInUse(const fs::path& data_dir) {
  for (const char* name : kReplaced) {
    if (fs::exists(data_dir / name)) return true;
  }
  return false;
}

Status MoveAway(const fs::path& data_dir) {
  const fs::path before = data_dir / fmt::format("before-restore-{}", std::time(nullptr));
  std::error_code error;
  fs::create_directory(before, error);
  if (!error) fs::permissions(before, fs::perms::owner_all, error);
  for (const char* name : kReplaced) {
    if (!error && fs::exists(data_dir / name)) fs::rename(data_dir / name, before / name, error);
  }
  return error ? ErrnoError(error.value(), "moving what was there to " + before.string())
               : SyncFolder(data_dir);
}

Result<std::string> KeyIn(const fs::path& path) {
  std::string key;
  MR_RETURN_IF_ERROR(EachLine(path, [&](const Json& line) {
    if (line.is_object()) key = line.value("secret_key", key);
    return Status::Ok();
  }));
  return key;
}

}  // namespace

Result<BackupSummary> CheckBackup(const fs::path& path) {
  BackupSummary summary;
  int64_t rows_said = -1;
  MR_RETURN_IF_ERROR(EachLine(path, [&](const Json& line) -> Status {
    if (line.is_array()) {
      ++summary.rows;
    } else if (line.contains("millrace_backup")) {
      summary.version = line.value("version", "");
      summary.schema = line.value("schema", int64_t{0});
      summary.created_at = line.value("created_at", int64_t{0});
    } else if (line.contains("secret_key")) {
      summary.holds_key = true;
    } else if (line.contains("table")) {
      return InsertFor(line).status();
    } else if (line.contains("end")) {
      rows_said = line.value("rows", int64_t{-1});
    }
    return Status::Ok();
  }));
  const auto schema_known = static_cast<int64_t>(EmbeddedMigrations().size());
  if (summary.schema > schema_known) {
    return ConfigError("{} was written by a newer version ({}): restore it with that one",
                       path.string(), summary.version);
  }
  if (rows_said == summary.rows) return summary;
  return ConfigError("{} is damaged: {} rows of {}", path.string(), summary.rows, rows_said);
}

Status RestoreRows(SqlDatabase& database, const fs::path& path) {
  return database.Write([&](SqlTransaction& transaction) -> Status {
    MR_RETURN_IF_ERROR(EmptyTables(transaction));
    return InsertRows(transaction, path);
  });
}

Result<BackupSummary> Restore(const RestoreOptions& options, const fs::path& path) {
  MR_ASSIGN_OR_RETURN(const BackupSummary summary, CheckBackup(path));
  MR_ASSIGN_OR_RETURN(const std::string key, KeyIn(path));
  const fs::path& folder = options.data_dir;
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return ErrnoError(error.value(), "making " + folder.string());
  MR_ASSIGN_OR_RETURN(auto lock, ProcessLock::Open(folder / "server.lock", /*inherited=*/false));
  MR_ASSIGN_OR_RETURN(const bool taken, lock.Try());
  if (!taken) {
    return ConfigError("a server (process {}) has the data folder {}: stop it first", lock.Holder(),
                       folder.string());
  }
  if (IsInUse(folder) && !options.force) {
    return ConfigError(
        "{} is a server's data folder already: give another one, or --force to replace it",
        folder.string());
  }
  const fs::path made = folder / "millrace.db.restored";
  if (options.database_url.empty()) {
    for (const char* part : {"", "-wal", "-shm"}) fs::remove(made.string() + part, error);
    MR_RETURN_IF_ERROR(RestoreInto("sqlite://" + made.string(), /*force=*/false, path));
  } else {
    MR_RETURN_IF_ERROR(RestoreInto(options.database_url, options.force, path));
  }
  if (IsInUse(folder)) MR_RETURN_IF_ERROR(MoveAway(folder));
  if (!key.empty()) MR_RETURN_IF_ERROR(WriteFileAtomically(folder / "secret.key", key, 0600));
  if (options.database_url.empty()) fs::rename(made, folder / "millrace.db", error);
  if (error) return ErrnoError(error.value(), "putting the database in its place");
  MR_RETURN_IF_ERROR(SyncFolder(folder));
  return summary;
}

}  // namespace millrace
