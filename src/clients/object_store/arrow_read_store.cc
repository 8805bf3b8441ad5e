#include "clients/object_store/arrow_read_store.h"

#include <arrow/buffer.h>
#include <arrow/filesystem/filesystem.h>
#include <arrow/io/interfaces.h>
#include <arrow/util/io_util.h>

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "base/log.h"
#include "clients/http/backoff.h"

namespace millrace {
namespace {

constexpr int64_t kPieceBytes = 8 << 20;
constexpr size_t kDetailBytesMax = 500;

/// Arrow hands on the services' words as text: what they mean, by the first that is found.
struct Meaning {
  std::string_view words;
  FailureType type;
  std::string_view advice;
};

constexpr auto kConfig = FailureType::kConfigError;

constexpr std::string_view kDenied = "access denied; check the credentials and their permissions";
constexpr std::string_view kMissing = "there is no such object, bucket or container";

constexpr Meaning kMeanings[] = {
    {"AuthenticationFailed", kConfig, kDenied},
    {"AuthorizationFailure", kConfig, kDenied},
    {"AuthorizationPermissionMismatch", kConfig, kDenied},
    {"PublicAccessNotPermitted", kConfig, kDenied},
    {"NoAuthenticationInformation", kConfig, kDenied},
    {"PERMISSION_DENIED", kConfig, kDenied},
    {"UNAUTHENTICATED", kConfig, kDenied},
    {"invalid_grant", kConfig, kDenied},
    {"Server failed to authenticate", kConfig, kDenied},
    {"NOT_FOUND", kConfig, kMissing},
    {"ContainerNotFound", kConfig, kMissing},
    {"BlobNotFound", kConfig, kMissing},
    {"ResourceNotFound", kConfig, kMissing},
    {"Path does not exist", kConfig, kMissing},
    {"could not create", kConfig, "the credentials can't be used"},
    {"SSL", kConfig, "the TLS certificate was not accepted"},
    {"resolve host", kConfig, "there is no such host; check account and endpoint"},
};

/// The services' messages may quote the request: its query is a credential.
std::string WithoutQueries(std::string text) {
  for (size_t at = 0; (at = text.find("?", at)) != std::string::npos; ++at) {
    text.erase(at, std::min(text.find_first_of(" \n'\")", at), text.size()) - at);
  }
  return text.substr(0, kDetailBytesMax);
}

Status ErrorOf(const arrow::Status& status, const std::string& doing) {
  const std::string detail = WithoutQueries(status.ToString());
  if (arrow::internal::ErrnoFromStatus(status) == ENOENT) {
    return Status::Failed({kConfig, fmt::format("{}: {}", doing, kMissing), detail, {}});
  }
  for (const Meaning& meaning : kMeanings) {
    if (detail.find(meaning.words) != std::string::npos) {
      return Status::Failed(
          {meaning.type, fmt::format("{}: {}", doing, meaning.advice), detail, {}});
    }
  }
  return Status::Failed({FailureType::kTransientError,
                         fmt::format("{}: the store doesn't answer as it should", doing),
                         detail,
                         {}});
}

/// Arrow catches most of what the services' libraries throw; this, the rest.
template <typename Call>
auto Guarded(const std::string& doing, Call call)
    -> Result<typename std::invoke_result_t<Call>::ValueType> {
  try {
    auto result = call();
    if (!result.ok()) return ErrorOf(result.status(), doing);
    return std::move(result).ValueUnsafe();
  } catch (const std::exception& error) {
    return ErrorOf(arrow::Status::IOError(error.what()), doing);
  }
}

/// Reads an object front to back, a piece at a time.
class ArrowReader : public ByteReader {
 public:
  ArrowReader(std::shared_ptr<arrow::io::RandomAccessFile> file, int64_t offset, int64_t size,
              std::string doing)
      : file_(std::move(file)), position_(offset), size_(size), doing_(std::move(doing)) {}

  Result<int64_t> Read(char* out, int64_t size) override {
    if (piece_read_ == piece_bytes()) {
      if (position_ >= size_) return 0;
      MR_RETURN_IF_ERROR(NextPiece());
    }
    const int64_t take = std::min(size, piece_bytes() - piece_read_);
    std::memcpy(out, piece_->data() + piece_read_, static_cast<size_t>(take));
    piece_read_ += take;
    return take;
  }

 private:
  int64_t piece_bytes() const { return piece_ == nullptr ? 0 : piece_->size(); }

  Status NextPiece() {
    Backoff backoff({.attempts_max = ArrowReadStore::kAttemptsMax});
    const int64_t wanted = std::min(kPieceBytes, size_ - position_);
    // Ends: Wait() says no after kAttemptsMax attempts.
    for (;;) {
      auto piece = Guarded(doing_, [&] { return file_->ReadAt(position_, wanted); });
      if (piece.ok() && (*piece)->size() == wanted) {
        piece_ = *std::move(piece);
        piece_read_ = 0;
        position_ += wanted;
        return Status::Ok();
      }
      const Status status =
          piece.ok() ? TransientError("{}: cut short at byte {} of {}", doing_, position_, size_)
                     : piece.status();
      const bool retry = status.error().type == FailureType::kTransientError;
      if (!retry || !backoff.Wait({})) return status;
      Log(LogLevel::kWarn, "{} (trying again, attempt {})", status.ToString(), backoff.attempt());
    }
  }

  const std::shared_ptr<arrow::io::RandomAccessFile> file_;
  int64_t position_;  // of the next piece
  const int64_t size_;
  const std::string doing_;
  std::shared_ptr<arrow::Buffer> piece_;
  int64_t piece_read_ = 0;
};

}  // namespace

ArrowReadStore::ArrowReadStore(std::shared_ptr<arrow::fs::FileSystem> files, std::string root,
                               std::string name)
    : files_(std::move(files)), root_(std::move(root)), name_(std::move(name)) {}

Result<std::vector<ObjectInfo>> ArrowReadStore::List(std::string_view prefix) {
  const std::string doing = fmt::format("listing {}/{}", name_, prefix);
  arrow::fs::FileSelector selector;
  const size_t slash = prefix.rfind('/');
  selector.base_dir = slash == std::string_view::npos ? root_ : PathOf(prefix.substr(0, slash));
  selector.recursive = true;
  selector.allow_not_found = true;
  MR_ASSIGN_OR_RETURN(const auto files,
                      Guarded(doing, [&] { return files_->GetFileInfo(selector); }));
  std::vector<ObjectInfo> objects;
  const std::string wanted = PathOf(prefix);
  for (const arrow::fs::FileInfo& file : files) {
    if (!file.IsFile() || !file.path().starts_with(wanted)) continue;
    objects.push_back({file.path().substr(root_.size() + 1), file.size(),
                       std::chrono::time_point_cast<std::chrono::microseconds>(file.mtime()), ""});
  }
  if (objects.empty()) {
    // Nothing there, or no bucket at all?
    MR_ASSIGN_OR_RETURN(const auto root,
                        Guarded(doing, [&] { return files_->GetFileInfo(root_); }));
    if (root.type() == arrow::fs::FileType::NotFound) return ConfigError("{}: {}", doing, kMissing);
  }
  std::sort(objects.begin(), objects.end(),
            [](const ObjectInfo& a, const ObjectInfo& b) { return a.key < b.key; });
  return objects;
}

Result<std::unique_ptr<ObjectInfo>> ArrowReadStore::Head(std::string_view key) {
  MR_ASSIGN_OR_RETURN(const auto file, Guarded(fmt::format("looking for {}/{}", name_, key),
                                               [&] { return files_->GetFileInfo(PathOf(key)); }));
  if (!file.IsFile()) return std::unique_ptr<ObjectInfo>();
  return std::make_unique<ObjectInfo>(
      ObjectInfo{std::string(key), file.size(),
                 std::chrono::time_point_cast<std::chrono::microseconds>(file.mtime()), ""});
}

Result<std::shared_ptr<arrow::io::RandomAccessFile>> ArrowReadStore::Open(std::string_view key) {
  return Guarded(fmt::format("opening {}/{}", name_, key),
                 [&] { return files_->OpenInputFile(PathOf(key)); });
}

Result<std::unique_ptr<ByteReader>> ArrowReadStore::OpenReader(std::string_view key,
                                                               int64_t offset) {
  MR_ASSIGN_OR_RETURN(auto file, Open(key));
  const std::string doing = fmt::format("reading {}/{}", name_, key);
  MR_ASSIGN_OR_RETURN(const int64_t size, Guarded(doing, [&] { return file->GetSize(); }));
  return std::unique_ptr<ByteReader>(
      std::make_unique<ArrowReader>(std::move(file), offset, size, doing));
}

Result<std::string> ArrowReadStore::ReadRange(std::string_view key, int64_t offset, int64_t size) {
  MR_ASSIGN_OR_RETURN(const auto reader, OpenReader(key, offset));
  std::string range(static_cast<size_t>(size), '\0');
  int64_t at = 0;
  while (at < size) {
    MR_ASSIGN_OR_RETURN(const int64_t got, reader->Read(range.data() + at, size - at));
    if (got == 0) break;
    at += got;
  }
  range.resize(static_cast<size_t>(at));
  return range;
}

Status ArrowReadStore::ReadOnly() const {
  return ConfigError("{}: Millrace reads from this kind of store, and doesn't write to it yet",
                     name_);
}

Result<PutOutcome> ArrowReadStore::Put(std::string_view, std::string_view, const PutCondition&) {
  return ReadOnly();
}
Result<std::unique_ptr<ObjectUpload>> ArrowReadStore::StartUpload(std::string_view) {
  return ReadOnly();
}
Status ArrowReadStore::Complete(const PendingUpload&) { return ReadOnly(); }
Status ArrowReadStore::Abort(const PendingUpload&) { return ReadOnly(); }
Status ArrowReadStore::AbortUploads(std::string_view, WallTime,
                                    const std::function<bool(const PendingUpload&)>&) {
  return ReadOnly();
}
Status ArrowReadStore::Delete(const std::vector<std::string>&) { return ReadOnly(); }

}  // namespace millrace
