#pragma once

#include <filesystem>

#include "base/result.h"
#include "control/store/sql_database.h"

namespace millrace {

/// Gives the instance a new key: seals every sealed text of the metadata database anew in one
/// transaction, then puts the new key in the old one's place. Gives the number of texts.
///
/// No server may use the database meanwhile: one that runs would go on with the old key. May be
/// killed at any moment: before the transaction's end nothing has changed; after it, servers open
/// texts of either key (see SecretBox::Load), and running it again finishes the change. Backups
/// made before need the old key, which they hold.
///
/// Config errors: an old key that does not open what is stored, a new key that is the old one, a
/// key from the environment without a new one there.
Result<int64_t> RotateKey(SqlDatabase& database, const std::filesystem::path& key_file);

}  // namespace millrace
