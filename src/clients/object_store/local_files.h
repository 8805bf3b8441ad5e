#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/byte_reader.h"
#include "base/result.h"

namespace millrace {

/// Owns a file descriptor.
class LocalFile {
 public:
  LocalFile() = default;
  explicit LocalFile(int fd) : fd_(fd) {}
  LocalFile(LocalFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  LocalFile& operator=(LocalFile&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~LocalFile();

  int fd() const { return fd_; }
  bool open() const { return fd_ >= 0; }
  void Close();

 private:
  int fd_ = -1;
};

Result<LocalFile> CreateLocalFile(const std::filesystem::path& path);
Status WriteLocalFile(const LocalFile& file, std::string_view bytes,
                      const std::filesystem::path& path);
Status SyncLocalFile(const LocalFile& file, const std::filesystem::path& path);

/// Makes `folder` and what is missing above it. Gives the folders that have a new entry; durable
/// once SyncFolders has been called with them, which costs least after everything else is done.
Result<std::vector<std::filesystem::path>> MakeFolders(const std::filesystem::path& folder);
Status SyncFolders(const std::vector<std::filesystem::path>& folders);

/// Reads from `offset` on.
Result<std::unique_ptr<ByteReader>> OpenLocalReader(const std::filesystem::path& path,
                                                    int64_t offset);

}  // namespace millrace
