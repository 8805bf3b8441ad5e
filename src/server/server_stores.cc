#include "server/server_stores.h"

#include "control/store/migrations.h"
#include "control/store/settings.h"

namespace millrace {
namespace {

constexpr int kDatabaseConnections = 8;
constexpr const char* kKeyProof = "secret_key_proof";
constexpr const char* kProofText = "millrace";

/// Held while the server lives: one server a data folder.
Result<ProcessLock> LockDataDir(const std::filesystem::path& data_dir) {
  std::error_code error;
  const bool made = std::filesystem::create_directories(data_dir, error);
  if (made) {
    std::filesystem::permissions(data_dir, std::filesystem::perms::owner_all, error);
  }
  if (error) {
    return ConfigError("can't make the data folder {}: {}", data_dir.string(), error.message());
  }
  MR_ASSIGN_OR_RETURN(auto lock, ProcessLock::Open(data_dir / "server.lock", /*inherited=*/false));
  MR_ASSIGN_OR_RETURN(const bool taken, lock.Try());
  if (taken) return lock;
  return ConfigError("another server (process {}) has the data folder {}", lock.Holder(),
                     data_dir.string());
}

/// A key without the database that was made before it: making an empty one beside it would hide
/// that everything is gone.
Status CheckNothingLost(const std::filesystem::path& data_dir) {
  std::error_code error;
  const std::filesystem::path database = data_dir / "millrace.db";
  const bool there =
      std::filesystem::exists(database, error) && std::filesystem::file_size(database, error) > 0;
  if (there || !std::filesystem::exists(data_dir / "secret.key", error)) return Status::Ok();
  return ConfigError(
      "{} holds a secret.key, but its metadata database millrace.db is gone: put that back, "
      "restore "
      "a backup (millrace restore), give --database-url if the metadata is in PostgreSQL, or "
      "remove "
      "secret.key to begin anew",
      data_dir.string());
}

/// Whether the text that the first server sealed with its key is there.
Result<bool> HasKeyProof(SqlDatabase& database) {
  bool found = false;
  MR_RETURN_IF_ERROR(database.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(const auto proof, FindSetting(transaction, kKeyProof));
    found = proof.has_value();
    return Status::Ok();
  }));
  return found;
}

/// The first server leaves a text sealed with its key; the next ones must be able to open it.
Status ProveKey(SqlDatabase& database, const SecretBox& box) {
  return database.Write([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(const auto proof, FindSetting(transaction, kKeyProof));
    if (!proof) return PutSetting(transaction, kKeyProof, box.Seal(kProofText));
    const auto opened = box.Open(*proof);
    if (opened.ok() && *opened == kProofText) return Status::Ok();
    return ConfigError(
        "the metadata database was made with another secret key: give that one "
        "(MILLRACE_SECRET_KEY, MILLRACE_SECRET_KEY_FILE, or secret.key in the data folder)");
  });
}

Status SetUp(SqlDatabase& database, StoresUser user) {
  if (user == StoresUser::kServer) return Migrate(database);
  MR_RETURN_IF_ERROR(CheckMigrated(database));
  MR_ASSIGN_OR_RETURN(const bool proven, HasKeyProof(database));
  return proven ? Status::Ok() : NotSetUp();
}

}  // namespace

Result<ServerStores> OpenServerStores(const std::filesystem::path& data_dir,
                                      const std::string& database_url,
                                      const std::string& log_storage, StoresUser user) {
  std::unique_ptr<SqlDatabase> database;
  if (!database_url.empty()) {
    MR_ASSIGN_OR_RETURN(database, SqlDatabase::Open(database_url, kDatabaseConnections));
    if (user == StoresUser::kWorker) MR_RETURN_IF_ERROR(SetUp(*database, user));
  }
  MR_ASSIGN_OR_RETURN(auto lock, LockDataDir(data_dir));
  if (database == nullptr) {
    MR_RETURN_IF_ERROR(CheckNothingLost(data_dir));
    const std::string file = "sqlite://" + (data_dir / "millrace.db").string();
    MR_ASSIGN_OR_RETURN(database, SqlDatabase::Open(file, kDatabaseConnections));
  }
  MR_RETURN_IF_ERROR(SetUp(*database, user));
  // The key after the database: a first start that was cut off can go on, see CheckNothingLost.
  // A new key can't be the one that sealed what is there.
  MR_ASSIGN_OR_RETURN(const bool proven, HasKeyProof(*database));
  MR_ASSIGN_OR_RETURN(auto box, SecretBox::Load(data_dir / "secret.key", /*may_make=*/!proven));
  MR_RETURN_IF_ERROR(ProveKey(*database, box));
  MR_ASSIGN_OR_RETURN(auto logs, AttemptLogs::OpenAt(log_storage, data_dir, Clock::System()));
  return ServerStores{std::move(lock), std::move(database), std::move(box), std::move(logs)};
}

}  // namespace millrace
