#include "control/backup/backup_file.h"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "base/file_io.h"

namespace millrace {
namespace {

/// A row holds one document at most, and those came in requests of 10 MB.
constexpr size_t kLineBytesMax = 256 << 20;
constexpr unsigned kPieceBytes = 256 << 10;

gzFile StreamOf(void* stream) { return static_cast<gzFile>(stream); }

}  // namespace

Result<std::unique_ptr<BackupWriter>> BackupWriter::Create(const std::filesystem::path& path) {
  const std::filesystem::path staged = path.string() + ".unfinished";
  std::unique_ptr<BackupWriter> writer(new BackupWriter(path, staged));
  ::unlink(staged.c_str());
  writer->fd_ = ::open(staged.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (writer->fd_ < 0) return ErrnoError(errno, "creating " + path.string());
  const int duplicate = ::fcntl(writer->fd_, F_DUPFD_CLOEXEC, 0);
  writer->stream_ = duplicate < 0 ? nullptr : ::gzdopen(duplicate, "wb6");
  if (writer->stream_ == nullptr) return ErrnoError(errno, "creating " + path.string());
  return writer;
}

BackupWriter::~BackupWriter() {
  if (stream_ != nullptr) ::gzclose(StreamOf(stream_));
  if (fd_ < 0) return;
  ::close(fd_);
  ::unlink(staged_.c_str());
}

Status BackupWriter::Failure() const { return ErrnoError(errno, "writing " + path_.string()); }

Status BackupWriter::Add(const Json& line) {
  std::string text;
  try {
    text = line.dump() + "\n";
  } catch (const std::exception& error) {
    return SystemError("the metadata hold a text that is no UTF-8: {}", error.what());
  }
  const auto size = static_cast<unsigned>(text.size());
  errno = 0;
  return ::gzwrite(StreamOf(stream_), text.data(), size) == static_cast<int>(size) ? Status::Ok()
                                                                                   : Failure();
}

Status BackupWriter::Finish() {
  errno = 0;
  if (::gzclose(StreamOf(std::exchange(stream_, nullptr))) != Z_OK) return Failure();
  if (::fsync(fd_) != 0) return Failure();
  if (::rename(staged_.c_str(), path_.c_str()) != 0) return Failure();
  ::close(std::exchange(fd_, -1));
  return SyncFolder(path_.has_parent_path() ? path_.parent_path() : ".");
}

Result<std::unique_ptr<BackupReader>> BackupReader::Open(const std::filesystem::path& path) {
  std::unique_ptr<BackupReader> reader(new BackupReader(path));
  reader->stream_ = ::gzopen(path.c_str(), "rbe");
  if (reader->stream_ == nullptr) return ErrnoError(errno, "opening " + path.string());
  return reader;
}

BackupReader::~BackupReader() {
  if (stream_ != nullptr) ::gzclose(StreamOf(stream_));
}

Result<std::optional<Json>> BackupReader::Next() {
  size_t searched = 0;
  for (;;) {
    const size_t end = rest_.find('\n', searched);
    if (end != std::string::npos) {
      Json line = Json::parse(rest_.begin(), rest_.begin() + static_cast<ptrdiff_t>(end), nullptr,
                              /*allow_exceptions=*/false);
      rest_.erase(0, end + 1);
      if (line.is_discarded()) return ConfigError("{} is no backup", path_.string());
      return std::optional(std::move(line));
    }
    searched = rest_.size();
    rest_.resize(searched + kPieceBytes);
    const int got = ::gzread(StreamOf(stream_), rest_.data() + searched, kPieceBytes);
    rest_.resize(searched + static_cast<size_t>(std::max(got, 0)));
    if (got < 0 || rest_.size() > kLineBytesMax) {
      return ConfigError("{} is damaged, or no backup", path_.string());
    }
    if (got == 0) {
      int state = Z_OK;
      ::gzerror(StreamOf(stream_), &state);
      if (rest_.empty() && state == Z_OK) return std::optional<Json>();
      return ConfigError("{} is cut off, or no backup", path_.string());
    }
  }
}

}  // namespace millrace
