#include "clients/object_store/local_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <set>

#include "base/file_io.h"
#include "base/json.h"
#include "base/local_paths.h"
#include "base/uuid.h"
#include "clients/object_store/local_files.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kInternalFolder = "_airbyte_internal";
constexpr std::string_view kStagingFolder = "_airbyte_internal/staging";
constexpr std::string_view kStagedSuffix = ".staged";
/// The key stands in a staged file's name, so that leftovers can be told apart; a file name has at
/// most 255 bytes, and 44 go to what makes it unique.
constexpr size_t kKeyTextMax = 200;

constexpr int64_t kPushBytes = int64_t{8} << 20;

/// "a/b.parquet" as "a%2Fb.parquet": one file name.
std::string EscapeKey(std::string_view key) {
  std::string text;
  for (const char c : key) {
    if (c == '/') {
      text += "%2F";
    } else if (c == '%') {
      text += "%25";
    } else {
      text += c;
    }
  }
  return text;
}

std::string UnescapeKey(std::string_view text) {
  std::string key;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i, 3) == "%2F" || text.substr(i, 3) == "%25") {
      key += text[i + 2] == 'F' ? '/' : '%';
      i += 2;
    } else {
      key += text[i];
    }
  }
  return key;
}

/// A name that no other file has, for what will become this key.
std::string StagedNameFor(std::string_view key) {
  std::string key_text = EscapeKey(key);
  if (key_text.size() > kKeyTextMax) key_text.clear();
  return fmt::format("{}/{}.{}{}", kStagingFolder, key_text, RandomUuid(), kStagedSuffix);
}

WallTime ModifiedAt(const struct stat& info) {
  return WallTime(std::chrono::seconds(info.st_mtim.tv_sec) +
                  std::chrono::microseconds(info.st_mtim.tv_nsec / 1000));
}

ObjectInfo InfoOf(std::string key, const struct stat& info) {
  // A replaced file is another inode, or was written at another time, or has another size.
  std::string etag = fmt::format("{}-{}-{}.{:09}", info.st_ino, info.st_size, info.st_mtim.tv_sec,
                                 info.st_mtim.tv_nsec);
  return {std::move(key), info.st_size, ModifiedAt(info), std::move(etag)};
}

class LocalUpload : public ObjectUpload {
 public:
  LocalUpload(std::string key, std::string staged, fs::path path, LocalFile file)
      : key_(std::move(key)),
        staged_(std::move(staged)),
        path_(std::move(path)),
        file_(std::move(file)) {}
  ~LocalUpload() override {
    if (!finished_) ::unlink(path_.c_str());
  }

  Status Write(std::string_view bytes) override {
    MR_RETURN_IF_ERROR(WriteLocalFile(file_, bytes, path_));
    written_ += static_cast<int64_t>(bytes.size());
    if (written_ - pushed_ >= kPushBytes) {
      // The disk starts on it now, so that the sync at the end has little left to wait for.
      ::sync_file_range(file_.fd(), pushed_, written_ - pushed_, SYNC_FILE_RANGE_WRITE);
      pushed_ = written_;
    }
    return Status::Ok();
  }

  Result<PendingUpload> Finish() override {
    MR_RETURN_IF_ERROR(SyncLocalFile(file_, path_));
    file_.Close();
    MR_RETURN_IF_ERROR(SyncFolder(path_.parent_path()));
    finished_ = true;
    return PendingUpload{key_, Json{{"staged", staged_}}.dump()};
  }

 private:
  const std::string key_;
  const std::string staged_;  // relative to the root
  const fs::path path_;
  LocalFile file_;
  int64_t written_ = 0;
  int64_t pushed_ = 0;  // of them, handed to the disk
  bool finished_ = false;
};

class LocalStore : public ObjectStore {
 public:
  explicit LocalStore(fs::path root) : root_(std::move(root)) {}

  std::string Name() const override { return root_.string(); }
  Result<std::vector<ObjectInfo>> List(std::string_view prefix) override;
  Result<std::unique_ptr<ObjectInfo>> Head(std::string_view key) override;
  Result<std::unique_ptr<ByteReader>> OpenReader(std::string_view key, int64_t offset) override;
  Result<std::string> ReadRange(std::string_view key, int64_t offset, int64_t size) override;
  Result<PutOutcome> Put(std::string_view key, std::string_view content,
                         const PutCondition& condition) override;
  Result<PutOutcome> PutRepeatable(std::string_view key, std::string_view content,
                                   const PutCondition& condition) override;
  Result<std::unique_ptr<ObjectUpload>> StartUpload(std::string_view key) override;
  Status Complete(const PendingUpload& upload) override;
  Status Abort(const PendingUpload& upload) override;
  Status AbortUploads(std::string_view prefix, WallTime before,
                      const std::function<bool(const PendingUpload&)>& abandoned) override;
  Status Delete(const std::vector<std::string>& keys) override;

 private:
  /// A key's file. Config error for a key that would leave the root.
  Result<fs::path> PathOf(std::string_view key) const;
  Result<std::string> StagedPathOf(const PendingUpload& upload) const;
  Result<PutOutcome> Put(std::string_view key, std::string_view content,
                         const PutCondition& condition, bool durable);
  /// Gives the written file its name, if the condition holds.
  Result<PutOutcome> Place(std::string_view key, const fs::path& staged, const fs::path& path,
                           const PutCondition& condition);
  Result<PutOutcome> PutIfMatch(std::string_view key, const fs::path& staged, const fs::path& path,
                                const std::string& etag);

  const fs::path root_;
};

Result<fs::path> LocalStore::PathOf(std::string_view key) const {
  const fs::path relative(key);
  for (const fs::path& part : relative) {
    if (part == ".." || part == "." || relative.is_absolute()) {
      return ConfigError("\"{}\" is not a name of an object below {}", key, Name());
    }
  }
  return root_ / relative;
}

Result<std::vector<ObjectInfo>> LocalStore::List(std::string_view prefix) {
  std::vector<ObjectInfo> found;
  const std::string folder(prefix.substr(0, prefix.rfind('/') + 1));  // npos + 1 is 0
  MR_ASSIGN_OR_RETURN(const fs::path start, PathOf(folder));
  const std::string doing = "listing " + start.string();
  std::error_code code;
  fs::recursive_directory_iterator entry(start, code);
  if (code == std::errc::no_such_file_or_directory || code == std::errc::not_a_directory) {
    return found;
  }
  for (; !code && entry != fs::recursive_directory_iterator(); entry.increment(code)) {
    const std::string key = entry->path().lexically_relative(root_).generic_string();
    if (key == kStagingFolder) {
      entry.disable_recursion_pending();
      continue;
    }
    struct stat info {};
    if (key.compare(0, prefix.size(), prefix) != 0 || ::stat(entry->path().c_str(), &info) != 0 ||
        !S_ISREG(info.st_mode)) {
      continue;  // stat: deleted meanwhile
    }
    found.push_back(InfoOf(key, info));
  }
  if (code && code != std::errc::no_such_file_or_directory) return ErrnoError(code.value(), doing);
  std::sort(found.begin(), found.end(),
            [](const ObjectInfo& a, const ObjectInfo& b) { return a.key < b.key; });
  return found;
}

Result<std::unique_ptr<ObjectInfo>> LocalStore::Head(std::string_view key) {
  MR_ASSIGN_OR_RETURN(const fs::path path, PathOf(key));
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::unique_ptr<ObjectInfo>();
    return ErrnoError(errno, "looking for " + path.string());
  }
  if (!S_ISREG(info.st_mode)) return std::unique_ptr<ObjectInfo>();
  return std::make_unique<ObjectInfo>(InfoOf(std::string(key), info));
}

Result<std::unique_ptr<ByteReader>> LocalStore::OpenReader(std::string_view key, int64_t offset) {
  MR_ASSIGN_OR_RETURN(const fs::path path, PathOf(key));
  return OpenLocalReader(path, offset);
}

Result<std::string> LocalStore::ReadRange(std::string_view key, int64_t offset, int64_t size) {
  MR_ASSIGN_OR_RETURN(auto reader, OpenReader(key, offset));
  std::string content(static_cast<size_t>(size), '\0');
  int64_t filled = 0;
  while (filled < size) {
    MR_ASSIGN_OR_RETURN(const int64_t got, reader->Read(content.data() + filled, size - filled));
    if (got == 0) break;
    filled += got;
  }
  content.resize(static_cast<size_t>(filled));
  return content;
}

Result<PutOutcome> LocalStore::Put(std::string_view key, std::string_view content,
                                   const PutCondition& condition) {
  return Put(key, content, condition, /*durable=*/true);
}

Result<PutOutcome> LocalStore::PutRepeatable(std::string_view key, std::string_view content,
                                             const PutCondition& condition) {
  return Put(key, content, condition, /*durable=*/false);
}

Result<PutOutcome> LocalStore::Put(std::string_view key, std::string_view content,
                                   const PutCondition& condition, bool durable) {
  MR_ASSIGN_OR_RETURN(const fs::path path, PathOf(key));
  MR_ASSIGN_OR_RETURN(auto to_sync, MakeFolders(path.parent_path()));
  MR_RETURN_IF_ERROR(MakeFolders(root_ / kStagingFolder).status());
  const fs::path staged = root_ / StagedNameFor(key);
  MR_ASSIGN_OR_RETURN(LocalFile file, CreateLocalFile(staged));
  Status written = WriteLocalFile(file, content, path);
  if (written.ok() && durable) written = SyncLocalFile(file, path);
  PutOutcome outcome = PutOutcome::kWritten;
  if (written.ok()) {
    auto placed = Place(key, staged, path, condition);
    written = placed.status();
    if (placed.ok()) outcome = *placed;
  }
  if (!written.ok() || outcome == PutOutcome::kConditionFailed) ::unlink(staged.c_str());
  MR_RETURN_IF_ERROR(written);
  if (durable && outcome == PutOutcome::kWritten) {
    to_sync.push_back(path.parent_path());
    MR_RETURN_IF_ERROR(SyncFolders(to_sync));
  }
  return outcome;
}

Result<PutOutcome> LocalStore::Place(std::string_view key, const fs::path& staged,
                                     const fs::path& path, const PutCondition& condition) {
  if (condition.kind == PutCondition::Kind::kIfMatch) {
    return PutIfMatch(key, staged, path, condition.etag);
  }
  if (condition.kind == PutCondition::Kind::kIfAbsent) {
    // A hard link fails when the name is taken: exactly one winner.
    if (::link(staged.c_str(), path.c_str()) == 0) {
      ::unlink(staged.c_str());
      return PutOutcome::kWritten;
    }
    if (errno == EEXIST) return PutOutcome::kConditionFailed;
    return ErrnoError(errno, "creating " + path.string());
  }
  if (::rename(staged.c_str(), path.c_str()) != 0) {
    return ErrnoError(errno, "replacing " + path.string());
  }
  return PutOutcome::kWritten;
}

Result<PutOutcome> LocalStore::PutIfMatch(std::string_view key, const fs::path& staged,
                                          const fs::path& path, const std::string& etag) {
  const fs::path lock_path = root_ / kInternalFolder / "put.lock";
  LocalFile lock(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!lock.open()) return ErrnoError(errno, "opening " + lock_path.string());
  // Held for a stat and a rename; given back when the descriptor closes.
  if (::flock(lock.fd(), LOCK_EX) != 0) return ErrnoError(errno, "locking " + lock_path.string());
  MR_ASSIGN_OR_RETURN(const auto current, Head(key));
  if (current == nullptr || current->etag != etag) return PutOutcome::kConditionFailed;
  if (::rename(staged.c_str(), path.c_str()) != 0) {
    return ErrnoError(errno, "replacing " + path.string());
  }
  return PutOutcome::kWritten;
}

Result<std::unique_ptr<ObjectUpload>> LocalStore::StartUpload(std::string_view key) {
  MR_RETURN_IF_ERROR(PathOf(key).status());
  MR_ASSIGN_OR_RETURN(const auto to_sync, MakeFolders(root_ / kStagingFolder));
  MR_RETURN_IF_ERROR(SyncFolders(to_sync));
  const std::string staged = StagedNameFor(key);
  const fs::path path = root_ / staged;
  MR_ASSIGN_OR_RETURN(LocalFile file, CreateLocalFile(path));
  return std::unique_ptr<ObjectUpload>(
      std::make_unique<LocalUpload>(std::string(key), staged, path, std::move(file)));
}

Result<std::string> LocalStore::StagedPathOf(const PendingUpload& upload) const {
  const Json details = Json::parse(upload.details_json, nullptr, false);
  if (!details.is_object() || !details.contains("staged") || !details["staged"].is_string()) {
    return SystemError("the upload of {} to {} was not written down properly", upload.key, Name());
  }
  return details["staged"].get<std::string>();
}

Status LocalStore::Complete(const PendingUpload& upload) {
  MR_ASSIGN_OR_RETURN(const std::string staged, StagedPathOf(upload));
  MR_ASSIGN_OR_RETURN(const fs::path from, PathOf(staged));
  MR_ASSIGN_OR_RETURN(const fs::path to, PathOf(upload.key));
  MR_ASSIGN_OR_RETURN(auto to_sync, MakeFolders(to.parent_path()));
  if (::rename(from.c_str(), to.c_str()) != 0) {
    const int error_number = errno;
    std::error_code code;
    const bool done_before = error_number == ENOENT && fs::exists(to, code);
    if (!done_before) return ErrnoError(error_number, "moving a finished file to " + to.string());
  }
  to_sync.push_back(to.parent_path());
  return SyncFolders(to_sync);
}

Status LocalStore::Abort(const PendingUpload& upload) {
  MR_ASSIGN_OR_RETURN(const std::string staged, StagedPathOf(upload));
  MR_ASSIGN_OR_RETURN(const fs::path path, PathOf(staged));
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    return ErrnoError(errno, "removing " + path.string());
  }
  return Status::Ok();
}

Status LocalStore::AbortUploads(std::string_view prefix, WallTime before,
                                const std::function<bool(const PendingUpload&)>& abandoned) {
  const fs::path folder = root_ / kStagingFolder;
  constexpr size_t kTailSize = 1 + UuidV7Batch::kTextSize + kStagedSuffix.size();
  std::error_code code;
  for (fs::directory_iterator entry(folder, code), end; !code && entry != end;
       entry.increment(code)) {
    const std::string name = entry->path().filename().string();
    struct stat info {};
    if (name.size() <= kTailSize || ::stat(entry->path().c_str(), &info) != 0 ||
        ModifiedAt(info) > before) {
      continue;
    }
    const std::string key = UnescapeKey(name.substr(0, name.size() - kTailSize));
    const PendingUpload upload{key,
                               Json{{"staged", std::string(kStagingFolder) + "/" + name}}.dump()};
    if (key.compare(0, prefix.size(), prefix) == 0 && abandoned(upload)) {
      MR_RETURN_IF_ERROR(Abort(upload));
    }
  }
  if (code && code != std::errc::no_such_file_or_directory) {
    return ErrnoError(code.value(), "listing " + folder.string());
  }
  return Status::Ok();
}

Status LocalStore::Delete(const std::vector<std::string>& keys) {
  std::set<fs::path> folders;
  for (const std::string& key : keys) {
    MR_ASSIGN_OR_RETURN(const fs::path path, PathOf(key));
    if (::unlink(path.c_str()) == 0) {
      folders.insert(path.parent_path());
    } else if (errno != ENOENT && errno != ENOTDIR) {
      return ErrnoError(errno, "removing " + path.string());
    }
  }
  for (const fs::path& folder : folders) MR_RETURN_IF_ERROR(SyncFolder(folder));
  return Status::Ok();
}

}  // namespace

Result<std::unique_ptr<ObjectStore>> OpenLocalStore(const std::filesystem::path& root) {
  MR_ASSIGN_OR_RETURN(const fs::path resolved, ResolveLocalPath(root));
  std::error_code code;
  fs::path absolute = fs::absolute(resolved, code).lexically_normal();
  if (code) return ErrnoError(code.value(), "finding " + root.string());
  if (!absolute.has_filename()) absolute = absolute.parent_path();
  MR_ASSIGN_OR_RETURN(const auto to_sync, MakeFolders(absolute));
  MR_RETURN_IF_ERROR(SyncFolders(to_sync));
  if (!fs::is_directory(absolute, code)) {
    return ConfigError("{} is not a folder; name one that files can be written to",
                       absolute.string());
  }
  return std::unique_ptr<ObjectStore>(std::make_unique<LocalStore>(std::move(absolute)));
}

}  // namespace millrace
