#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.h"

namespace millrace {

/// The file of a metadata database in SQLite, and whether it still is where it was: SQLite goes on
/// writing into a file that was moved or deleted, and nobody would find that again. Immutable;
/// thread-safe.
class SqliteFile {
 public:
  /// Makes the file, mode 0600, when it isn't there: it holds configurations.
  static Result<SqliteFile> Open(const std::string& path);

  /// A transient error, which says what to do, when its path leads to no file or to another one.
  /// Takes one system call.
  Status CheckThere() const;

 private:
  SqliteFile(std::string path, dev_t device, ino_t number)
      : path_(std::move(path)), device_(device), number_(number) {}

  std::string path_;
  dev_t device_;
  ino_t number_;
};

}  // namespace millrace
