#pragma once

#include <span>

namespace millrace {

/// A table of the metadata database, and what its rows are put in order by.
struct BackupTable {
  const char* name;
  const char* key;
};

/// Every table but those of migrations and of sessions, each after those that it refers to.
std::span<const BackupTable> BackupTables();

}  // namespace millrace
