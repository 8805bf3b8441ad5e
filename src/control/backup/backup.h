#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "control/store/sql_database.h"

namespace millrace {

/// What a backup holds. A plain value.
struct BackupSummary {
  std::string version;  ///< of the program that wrote it
  int64_t schema = 0;   ///< the newest migration of its database
  int64_t created_at = 0;
  int64_t rows = 0;
  bool holds_key = false;
};

/// Writes all that a server would need to go on elsewhere: the metadata as of one moment, also
/// while servers run, and the secret key's file. Not the logs, nor what connectors wrote. The same
/// form for both engines, so that a backup of one may be restored into the other.
Result<BackupSummary> WriteBackup(SqlDatabase& database, const std::filesystem::path& data_dir,
                                  const std::filesystem::path& path, const Clock& clock);

/// Reads the whole file without using it: whether it can be restored. Config errors say why not.
Result<BackupSummary> CheckBackup(const std::filesystem::path& path);

/// Puts the backup's rows into a database whose tables are migrated and empty, in one transaction.
Status RestoreRows(SqlDatabase& database, const std::filesystem::path& path);

struct RestoreOptions {
  std::filesystem::path data_dir;
  std::string database_url;  ///< empty: a file in data_dir
  bool force = false;        ///< also where something is already
};
/// Makes a data folder of a checked backup. Config errors: the folder or database is in use, or
/// holds something and `force` isn't given. What was there before is moved to the folder
/// "before-restore-…" in it, or, in PostgreSQL, replaced in the transaction that restores.
Result<BackupSummary> Restore(const RestoreOptions& options, const std::filesystem::path& path);

}  // namespace millrace
