#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>

#include "base/file_descriptor.h"
#include "base/file_io.h"
#include "control/logs/log_storage.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;

/// So many jobs to a folder: no folder grows without bound.
constexpr int64_t kJobsPerFolder = 1000;

/// "12-0.jsonl" → {12, 0}; a job of -1 when the name is none.
AttemptId IdOf(const fs::path& path) {
  AttemptId id{-1, -1};
  const std::string name = path.filename().string();
  const char* const end = name.data() + name.size();
  const auto job = std::from_chars(name.data(), end, id.job);
  if (job.ec != std::errc() || job.ptr == end || *job.ptr != '-') return {-1, -1};
  const auto number = std::from_chars(job.ptr + 1, end, id.number);
  const bool ours = number.ec == std::errc() && std::string_view(number.ptr, end) == ".jsonl";
  return ours ? id : AttemptId{-1, -1};
}

class LogFolder : public LogStorage {
 public:
  explicit LogFolder(fs::path root) : root_(std::move(root)) {}

  Status Append(const AttemptId& id, std::string_view lines) override {
    const fs::path path = PathOf(id);
    const std::string doing = "writing " + path.string();
    std::error_code made;
    fs::create_directories(path.parent_path(), made);
    if (made) return ErrnoError(made.value(), "making " + path.parent_path().string());
    const FileDescriptor file(
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    struct stat before {};
    if (file.get() < 0 || ::fstat(file.get(), &before) != 0) return ErrnoError(errno, doing);
    while (!lines.empty()) {
      const ssize_t written = ::write(file.get(), lines.data(), lines.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) {
        const int error = errno;
        // Half a line would join the next one; what can't be cut stays, and is read as a line.
        return ::ftruncate(file.get(), before.st_size) == 0
                   ? ErrnoError(error, doing)
                   : ErrnoError(error, doing).WithContext("leaving a broken line");
      }
      lines.remove_prefix(static_cast<size_t>(written));
    }
    return Status::Ok();
  }

  Result<int64_t> Size(const AttemptId& id) override {
    struct stat info {};
    const fs::path path = PathOf(id);
    if (::stat(path.c_str(), &info) == 0) return int64_t{info.st_size};
    if (errno == ENOENT) return int64_t{0};
    return ErrnoError(errno, "reading " + path.string());
  }

  Result<std::string> Read(const AttemptId& id, int64_t offset, int64_t size) override {
    const fs::path path = PathOf(id);
    const std::string doing = "reading " + path.string();
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.get() < 0 && errno == ENOENT) return std::string();
    if (file.get() < 0) return ErrnoError(errno, doing);
    std::string bytes(static_cast<size_t>(size), '\0');
    size_t filled = 0;
    while (filled < bytes.size()) {
      const ssize_t got = ::pread(file.get(), bytes.data() + filled, bytes.size() - filled,
                                  offset + static_cast<int64_t>(filled));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return ErrnoError(errno, doing);
      if (got == 0) break;
      filled += static_cast<size_t>(got);
    }
    bytes.resize(filled);
    return bytes;
  }

  Status KeepState(const AttemptId&, int64_t, std::string_view) override { return Status::Ok(); }

  Result<std::vector<StoredLog>> List() override {
    std::vector<StoredLog> logs;
    std::error_code error;
    for (fs::recursive_directory_iterator entry(root_, error), end; !error && entry != end;
         entry.increment(error)) {
      const AttemptId id = IdOf(entry->path());
      struct stat info {};
      // One that is gone by now is none.
      if (id.job < 0 || ::stat(entry->path().c_str(), &info) != 0) continue;
      const auto since_1970 = std::chrono::seconds(info.st_mtim.tv_sec);
      logs.push_back({id, int64_t{info.st_size}, WallTime(since_1970)});
    }
    if (error) return ErrnoError(error.value(), "listing " + root_.string());
    return logs;
  }

  Status Remove(const AttemptId& id) override {
    const fs::path path = PathOf(id);
    if (::unlink(path.c_str()) == 0 || errno == ENOENT) {
      ::rmdir(path.parent_path().c_str());  // when it was the last one
      return Status::Ok();
    }
    return ErrnoError(errno, "deleting " + path.string());
  }

 private:
  fs::path PathOf(const AttemptId& id) const {
    return root_ / fmt::format("{:06}", id.job / kJobsPerFolder) /
           fmt::format("{}.jsonl", id.ToString());
  }

  const fs::path root_;
};

}  // namespace

Result<std::unique_ptr<LogStorage>> OpenLogFolder(const std::filesystem::path& root) {
  std::error_code error;
  fs::create_directories(root, error);
  if (error) return ErrnoError(error.value(), "making " + root.string());
  fs::permissions(root, fs::perms::owner_all, error);
  if (error) return ErrnoError(error.value(), "making " + root.string() + " private");
  return std::unique_ptr<LogStorage>(std::make_unique<LogFolder>(root));
}

}  // namespace millrace
