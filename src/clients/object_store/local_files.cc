#include "clients/object_store/local_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "base/file_io.h"

namespace millrace {
namespace {

class LocalReader : public ByteReader {
 public:
  LocalReader(LocalFile file, std::filesystem::path path)
      : file_(std::move(file)), path_(std::move(path)) {}

  Result<int64_t> Read(char* out, int64_t size) override {
    for (;;) {
      const ssize_t got = ::read(file_.fd(), out, static_cast<size_t>(size));
      if (got >= 0) return static_cast<int64_t>(got);
      if (errno != EINTR) return ErrnoError(errno, "reading " + path_.string());
    }
  }

 private:
  LocalFile file_;
  const std::filesystem::path path_;
};

}  // namespace

LocalFile::~LocalFile() { Close(); }

void LocalFile::Close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

Result<LocalFile> CreateLocalFile(const std::filesystem::path& path) {
  LocalFile file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!file.open()) return ErrnoError(errno, "creating " + path.string());
  return file;
}

Status WriteLocalFile(const LocalFile& file, std::string_view bytes,
                      const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.fd(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return ErrnoError(errno, "writing " + path.string());
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return Status::Ok();
}

Status SyncLocalFile(const LocalFile& file, const std::filesystem::path& path) {
  if (::fsync(file.fd()) != 0) return ErrnoError(errno, "writing " + path.string());
  return Status::Ok();
}

Result<std::vector<std::filesystem::path>> MakeFolders(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> parents;  // of the folders to be made, lowest first
  std::error_code code;
  for (auto missing = folder; !missing.empty() && !std::filesystem::exists(missing, code);
       missing = missing.parent_path()) {
    parents.push_back(missing.has_parent_path() ? missing.parent_path()
                                                : std::filesystem::path("."));
    if (missing == missing.parent_path()) break;
  }
  if (parents.empty()) return parents;
  std::filesystem::create_directories(folder, code);
  if (code) return ErrnoError(code.value(), "making " + folder.string());
  return parents;
}

Status SyncFolders(const std::vector<std::filesystem::path>& folders) {
  for (const auto& folder : folders) MR_RETURN_IF_ERROR(SyncFolder(folder));
  return Status::Ok();
}

Result<std::unique_ptr<ByteReader>> OpenLocalReader(const std::filesystem::path& path,
                                                    int64_t offset) {
  LocalFile file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.open()) return ErrnoError(errno, "reading " + path.string());
  if (::lseek(file.fd(), offset, SEEK_SET) < 0) {
    return ErrnoError(errno, "reading " + path.string());
  }
  return std::unique_ptr<ByteReader>(std::make_unique<LocalReader>(std::move(file), path));
}

}  // namespace millrace
