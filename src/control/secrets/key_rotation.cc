#include "control/secrets/key_rotation.h"

#include <array>
#include <cstdlib>

#include "base/file_io.h"
#include "control/secrets/secret_box.h"

namespace millrace {
namespace {

/// Where sealed texts lie; not every text there has to be one.
struct SealedColumn {
  const char* table;
  const char* key;
  const char* column;
  bool always;  ///< also what does not say so: the first versions' texts
};
constexpr std::array kSealedColumns = {
    SealedColumn{"actor", "id", "configuration", true},
    SealedColumn{"builder_project", "id", "testing_values", false},
    SealedColumn{"setting", "name", "value", false},
};
constexpr const char* kFirstVersionsProof = "secret_key_proof";

Result<int64_t> SealAnew(SqlTransaction& transaction, const SealedColumn& at, const SecretBox& from,
                         const SecretBox& to) {
  MR_ASSIGN_OR_RETURN(const auto rows, transaction.Query(fmt::format("SELECT {}, {} FROM {}",
                                                                     at.key, at.column, at.table)));
  int64_t count = 0;
  for (const SqlRow& row : rows) {
    const std::string& text = row.Text(1);
    const bool sealed =
        at.always || SecretBox::IsSealed(text) || row.Text(0) == kFirstVersionsProof;
    if (!sealed || to.IsCurrent(text)) continue;
    const auto opened = from.Open(text);
    if (!opened.ok()) {
      return ConfigError(
          "{} {} was sealed with another key than the one given: nothing was changed", at.table,
          row.Text(0));
    }
    MR_RETURN_IF_ERROR(transaction
                           .Execute(fmt::format("UPDATE {} SET {} = :1 WHERE {} = :2", at.table,
                                                at.column, at.key),
                                    {to.Seal(*opened), row.Text(0)})
                           .status());
    ++count;
  }
  return count;
}

}  // namespace

Result<int64_t> RotateKey(SqlDatabase& database, const std::filesystem::path& key_file) {
  const bool new_one_given = std::getenv("MILLRACE_NEW_SECRET_KEY") != nullptr ||
                             std::getenv("MILLRACE_NEW_SECRET_KEY_FILE") != nullptr;
  if (SecretBox::KeyIsInEnvironment() && !new_one_given) {
    return ConfigError(
        "the key is given by MILLRACE_SECRET_KEY or MILLRACE_SECRET_KEY_FILE: give the new one in "
        "MILLRACE_NEW_SECRET_KEY or MILLRACE_NEW_SECRET_KEY_FILE");
  }
  MR_ASSIGN_OR_RETURN(const SecretBox to, SecretBox::LoadNext(key_file));
  MR_ASSIGN_OR_RETURN(const SecretBox from, SecretBox::Load(key_file));
  if (to.IsCurrent(from.Seal(""))) return ConfigError("the new secret key is the old one");
  int64_t count = 0;
  MR_RETURN_IF_ERROR(database.Write([&](SqlTransaction& transaction) -> Status {
    count = 0;
    for (const SealedColumn& at : kSealedColumns) {
      MR_ASSIGN_OR_RETURN(const int64_t sealed, SealAnew(transaction, at, from, to));
      count += sealed;
    }
    return Status::Ok();
  }));
  const std::filesystem::path next = SecretBox::NextKeyFile(key_file);
  if (SecretBox::KeyIsInEnvironment() || !std::filesystem::exists(next)) return count;
  std::error_code error;
  std::filesystem::rename(next, key_file, error);
  if (error) return ErrnoError(error.value(), "replacing " + key_file.string());
  MR_RETURN_IF_ERROR(SyncFolder(key_file.parent_path()));
  return count;
}

}  // namespace millrace
