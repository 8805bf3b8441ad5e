#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/json.h"
#include "base/result.h"

namespace millrace {

/// Writes a backup: JSON documents, one a line, compressed (gzip). The file appears under its name
/// when it is whole, mode 0600, replacing what was there. One thread.
class BackupWriter {
 public:
  static Result<std::unique_ptr<BackupWriter>> Create(const std::filesystem::path& path);
  /// Removes what is not finished.
  ~BackupWriter();
  BackupWriter(const BackupWriter&) = delete;
  BackupWriter& operator=(const BackupWriter&) = delete;

  Status Add(const Json& line);
  /// Durable when it returns.
  Status Finish();

 private:
  BackupWriter(std::filesystem::path path, std::filesystem::path staged)
      : path_(std::move(path)), staged_(std::move(staged)) {}
  Status Failure() const;

  const std::filesystem::path path_;
  const std::filesystem::path staged_;
  int fd_ = -1;  // for the sync; the stream has a duplicate
  void* stream_ = nullptr;
};

/// Reads one. One thread.
class BackupReader {
 public:
  static Result<std::unique_ptr<BackupReader>> Open(const std::filesystem::path& path);
  ~BackupReader();
  BackupReader(const BackupReader&) = delete;
  BackupReader& operator=(const BackupReader&) = delete;

  /// None at the end. Config errors: the file is cut off, damaged, or none of ours.
  Result<std::optional<Json>> Next();

 private:
  explicit BackupReader(std::filesystem::path path) : path_(std::move(path)) {}

  const std::filesystem::path path_;
  void* stream_ = nullptr;
  std::string rest_;  // read, not taken yet
};

}  // namespace millrace
