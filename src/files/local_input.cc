#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/file_io.h"
#include "files/file_input.h"

namespace millrace {
namespace {

/// A part of a local file. Positioned reads: the kernel's page cache is not counted as ours, as a
/// mapping would be.
class LocalReader : public ByteReader {
 public:
  LocalReader(int descriptor, std::string name, int64_t offset, int64_t size)
      : descriptor_(descriptor), name_(std::move(name)), at_(offset), left_(size) {}
  ~LocalReader() override { ::close(descriptor_); }
  LocalReader(const LocalReader&) = delete;
  LocalReader& operator=(const LocalReader&) = delete;

  Result<int64_t> Read(char* out, int64_t size) override {
    if (left_ >= 0) size = std::min(size, left_);
    for (;;) {
      const ssize_t got = ::pread(descriptor_, out, static_cast<size_t>(size), at_);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return ErrnoError(errno, fmt::format("reading {}", name_));
      at_ += got;
      if (left_ >= 0) left_ -= got;
      return static_cast<int64_t>(got);
    }
  }

 private:
  const int descriptor_;
  const std::string name_;
  int64_t at_;
  int64_t left_;
};

class LocalInput : public FileInput {
 public:
  explicit LocalInput(std::string path) : path_(std::move(path)) {}

  const std::string& name() const override { return path_; }

  Result<FileFacts> Stat() override {
    struct stat found {};
    if (::stat(path_.c_str(), &found) != 0) {
      return ErrnoError(errno, fmt::format("opening {}", path_));
    }
    if (S_ISDIR(found.st_mode)) return ConfigError("{} is a folder: url names one file", path_);
    FileFacts facts;
    // A pipe or a device has no size and no way back.
    if (!S_ISREG(found.st_mode)) return ConfigError("{} is no regular file", path_);
    facts.size = found.st_size;
    facts.ranged = true;
    facts.may_grow = true;
    facts.version = fmt::format("{}.{:09}", found.st_mtim.tv_sec, found.st_mtim.tv_nsec);
    return facts;
  }

  Result<std::unique_ptr<ByteReader>> Open(int64_t offset, int64_t size) override {
    const int descriptor = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return ErrnoError(errno, fmt::format("opening {}", path_));
    return std::make_unique<LocalReader>(descriptor, path_, offset, size);
  }

 private:
  const std::string path_;
};

}  // namespace

std::unique_ptr<FileInput> MakeLocalInput(std::string path) {
  return std::make_unique<LocalInput>(std::move(path));
}

}  // namespace millrace
