#include "cli/server_folder.h"

#include <cstdlib>

#include "control/store/embedded_migrations.h"

namespace millrace {

std::filesystem::path ServerFolder(const CommandLine& line) {
  if (!line.data_dir.empty()) return std::filesystem::absolute(line.data_dir);
  const char* const home = std::getenv("HOME");
  return std::filesystem::absolute(std::filesystem::path(home == nullptr ? "." : home) /
                                   ".millrace");
}

Result<std::unique_ptr<SqlDatabase>> OpenServerDatabase(const CommandLine& line) {
  std::string url = line.database_url;
  if (url.empty()) {
    const std::filesystem::path file = ServerFolder(line) / "millrace.db";
    if (!std::filesystem::exists(file)) {
      return ConfigError("there is no server's data in {}: give its --data-dir, or --database-url",
                         file.parent_path().string());
    }
    url = "sqlite://" + file.string();
  }
  MR_ASSIGN_OR_RETURN(auto database, SqlDatabase::Open(url, /*connections=*/1));
  int64_t version = 0;
  MR_RETURN_IF_ERROR(database->Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(const auto rows,
                        transaction.Query("SELECT coalesce(max(number), 0) FROM migration"));
    version = rows.at(0).Integer(0);
    return Status::Ok();
  }));
  const auto known = static_cast<int64_t>(EmbeddedMigrations().size());
  if (version == known) return database;
  return ConfigError(
      "the metadata database is of version {}, this program of {}: use the program that runs the "
      "server, or start this one's server once",
      version, known);
}

}  // namespace millrace
