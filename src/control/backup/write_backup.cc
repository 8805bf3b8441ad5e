#include <nlohmann/json.hpp>

#include "base/file_io.h"
#include "control/backup/backup.h"
#include "control/backup/backup_file.h"
#include "control/backup/backup_tables.h"

namespace millrace {
namespace {

constexpr int64_t kPageRows = 500;
constexpr int64_t kKeyBytesMax = 1024;

Result<std::vector<std::string>> ColumnsOf(SqlTransaction& transaction, SqlDatabase::Engine engine,
                                           const char* table) {
  const std::string sql =
      engine == SqlDatabase::Engine::kSqlite
          ? fmt::format("SELECT name FROM pragma_table_info('{}') ORDER BY cid", table)
          : fmt::format(
                "SELECT CAST(column_name AS TEXT) FROM information_schema.columns "
                "WHERE table_schema = current_schema() AND table_name = '{}' "
                "ORDER BY ordinal_position",
                table);
  MR_ASSIGN_OR_RETURN(const auto rows, transaction.Query(sql));
  std::vector<std::string> columns;
  for (const SqlRow& row : rows) columns.push_back(row.Text(0));
  return columns;
}

Json ValueAt(const SqlRow& row, size_t column) {
  if (row.IsNull(column)) return Json();
  if (const auto* integer = std::get_if<int64_t>(&row.Value(column))) return Json(*integer);
  return Json(row.Text(column));
}

Status WriteTable(SqlTransaction& transaction, SqlDatabase::Engine engine, const BackupTable& table,
                  BackupWriter& writer, int64_t* count) {
  MR_ASSIGN_OR_RETURN(const auto columns, ColumnsOf(transaction, engine, table.name));
  MR_RETURN_IF_ERROR(writer.Add({{"table", table.name}, {"columns", columns}}));
  const std::string sql = fmt::format("SELECT {} FROM {} ORDER BY {} LIMIT :1 OFFSET :2",
                                      fmt::join(columns, ", "), table.name, table.key);
  for (int64_t offset = 0;; offset += kPageRows) {
    MR_ASSIGN_OR_RETURN(const auto rows, transaction.Query(sql, {kPageRows, offset}));
    for (const SqlRow& row : rows) {
      Json line = Json::array();
      for (size_t i = 0; i < columns.size(); ++i) line.push_back(ValueAt(row, i));
      MR_RETURN_IF_ERROR(writer.Add(line));
      ++*count;
    }
    if (static_cast<int64_t>(rows.size()) < kPageRows) return Status::Ok();
  }
}

}  // namespace

Result<BackupSummary> WriteBackup(SqlDatabase& database, const std::filesystem::path& data_dir,
                                  const std::filesystem::path& path, const Clock& clock) {
  if (std::filesystem::exists(data_dir / "secret.key.next")) {
    return ConfigError(
        "changing the secret key was interrupted: run `millrace secrets rotate` first");
  }
  MR_ASSIGN_OR_RETURN(auto writer, BackupWriter::Create(path));
  BackupSummary summary;
  summary.version = MILLRACE_VERSION;
  summary.created_at = clock.WallNow().time_since_epoch().count();
  MR_RETURN_IF_ERROR(database.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(const auto version,
                        transaction.Query("SELECT coalesce(max(number), 0) FROM migration"));
    summary.schema = version.at(0).Integer(0);
    MR_RETURN_IF_ERROR(writer->Add({{"millrace_backup", 1},
                                    {"version", summary.version},
                                    {"schema", summary.schema},
                                    {"created_at", summary.created_at}}));
    if (std::filesystem::exists(data_dir / "secret.key")) {
      MR_ASSIGN_OR_RETURN(const std::string key, ReadFile(data_dir / "secret.key", kKeyBytesMax));
      MR_RETURN_IF_ERROR(writer->Add({{"secret_key", key}}));
      summary.holds_key = true;
    }
    for (const BackupTable& table : BackupTables()) {
      const Status written =
          WriteTable(transaction, database.engine(), table, *writer, &summary.rows);
      if (!written.ok()) return written.WithContext(std::string("saving ") + table.name);
    }
    return writer->Add({{"end", true}, {"rows", summary.rows}});
  }));
  MR_RETURN_IF_ERROR(writer->Finish());
  return summary;
}

}  // namespace millrace
