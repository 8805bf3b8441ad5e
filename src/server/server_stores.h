#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/process_lock.h"
#include "base/result.h"
#include "control/logs/attempt_logs.h"
#include "control/secrets/secret_box.h"
#include "control/store/sql_database.h"

namespace millrace {

/// What a server, or a worker, keeps things in.
struct ServerStores {
  ProcessLock lock;  ///< one process a data folder
  std::unique_ptr<SqlDatabase> database;
  SecretBox box;
  std::unique_ptr<AttemptLogs> logs;
};

/// A server makes tables and a key where there are none; a worker finds those of its servers.
enum class StoresUser { kServer, kWorker };

/// Locks the data folder, and opens the metadata (`database_url`; empty: a file in it), brought up
/// to date, and the logs of attempts (`log_storage`, see AttemptLogs::OpenAt). Config errors: a
/// folder that another process has, a database that doesn't answer, another secret key than the
/// stored configurations were sealed with, or none; for a worker: a database that no server of this
/// version has set up. A database elsewhere that doesn't answer leaves nothing in the folder.
Result<ServerStores> OpenServerStores(const std::filesystem::path& data_dir,
                                      const std::string& database_url,
                                      const std::string& log_storage, StoresUser user);

}  // namespace millrace
