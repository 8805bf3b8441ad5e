#include <charconv>
#include <map>
#include <mutex>

#include "clients/s3/s3_client.h"
#include "control/logs/log_storage.h"

namespace millrace {
namespace {

constexpr int kAppendAttemptsMax = 3;
/// Many readers of one log list it once in this time.
constexpr auto kReadersAge = std::chrono::seconds(1);
/// Who writes a log knows its end, unless another process writes it too.
constexpr auto kWritersAge = std::chrono::hours(24);
constexpr size_t kListingsMax = 256;
constexpr std::string_view kLogs = "_airbyte_internal/logs/";
constexpr std::string_view kStates = "_airbyte_internal/state/";

/// One object: the bytes from `offset` on.
struct Chunk {
  std::string key;
  int64_t offset = 0;
  int64_t size = 0;
};

int64_t NumberOf(std::string_view text) {
  int64_t number = -1;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size() ? number : -1;
}

/// "12/0/0000.jsonl" → {"12", "0", "0000"}.
std::vector<std::string_view> PartsOf(std::string_view key) {
  std::vector<std::string_view> parts;
  key = key.substr(0, key.rfind('.'));
  for (size_t at = 0; at <= key.size();) {
    const size_t end = std::min(key.find('/', at), key.size());
    parts.push_back(key.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

class LogBucket : public LogStorage {
 public:
  LogBucket(std::unique_ptr<S3Client> client, std::string prefix)
      : client_(std::move(client)), prefix_(std::move(prefix)) {}

  Status Append(const AttemptId& id, std::string_view lines) override {
    // An attempt's former worker may still be writing: each number is taken once.
    for (int attempt = 0; attempt < kAppendAttemptsMax; ++attempt) {
      MR_ASSIGN_OR_RETURN(const auto chunks,
                          Listed(id, attempt == 0 ? kWritersAge : std::chrono::hours(0)));
      const int64_t end = EndOf(chunks);
      const std::string key = fmt::format("{}{:016}.jsonl", FolderOf(kLogs, id), end);
      MR_ASSIGN_OR_RETURN(const bool written,
                          client_->PutObject(key, lines, {.if_absent = true, .if_match = ""}));
      if (!written) continue;
      const std::lock_guard lock(mutex_);
      Listing& listing = listings_[id];
      listing.chunks.push_back({key, end, static_cast<int64_t>(lines.size())});
      return Status::Ok();
    }
    return TransientError("writing the log of attempt {}: another process writes it too",
                          id.ToString());
  }

  Result<int64_t> Size(const AttemptId& id) override {
    MR_ASSIGN_OR_RETURN(const auto chunks, Listed(id, kReadersAge));
    return EndOf(chunks);
  }

  Result<std::string> Read(const AttemptId& id, int64_t offset, int64_t size) override {
    MR_ASSIGN_OR_RETURN(const auto chunks, Listed(id, kReadersAge));
    std::string bytes;
    const int64_t end = offset + size;
    for (const Chunk& chunk : chunks) {
      const int64_t from = std::max(offset, chunk.offset);
      const int64_t to = std::min(end, chunk.offset + chunk.size);
      if (from >= to) continue;
      MR_ASSIGN_OR_RETURN(const std::string part,
                          client_->GetObject(chunk.key, from - chunk.offset, to - from));
      bytes += part;
    }
    return bytes;
  }

  Status KeepState(const AttemptId& id, int64_t checkpoint, std::string_view state) override {
    return client_
        ->PutObject(fmt::format("{}{:012}.json", FolderOf(kStates, id), checkpoint), state)
        .status();
  }

  Result<std::vector<StoredLog>> List() override {
    std::map<AttemptId, StoredLog> logs;
    const std::string root = prefix_ + std::string(kLogs);
    MR_ASSIGN_OR_RETURN(const auto objects, client_->ListObjects(root));
    for (const S3Object& object : objects) {
      const auto parts = PartsOf(std::string_view(object.key).substr(root.size()));
      if (parts.size() != 3) continue;
      const AttemptId id{NumberOf(parts[0]), NumberOf(parts[1])};
      if (id.job < 0 || id.number < 0) continue;
      StoredLog& log = logs[id];
      log.id = id;
      log.bytes += object.size;
      log.written = std::max(log.written, object.last_modified);
    }
    std::vector<StoredLog> list;
    for (auto& [id, log] : logs) list.push_back(log);
    return list;
  }

  Status Remove(const AttemptId& id) override {
    std::vector<std::string> keys;
    for (const std::string_view kind : {kLogs, kStates}) {
      MR_ASSIGN_OR_RETURN(const auto objects, client_->ListObjects(FolderOf(kind, id)));
      for (const S3Object& object : objects) keys.push_back(object.key);
    }
    const std::lock_guard lock(mutex_);
    listings_.erase(id);
    return client_->DeleteObjects(keys);
  }

 private:
  struct Listing {
    std::vector<Chunk> chunks;  // by offset
    SteadyTime at{};
  };

  std::string FolderOf(std::string_view kind, const AttemptId& id) const {
    return fmt::format("{}{}{}/{}/", prefix_, kind, id.job, id.number);
  }

  static int64_t EndOf(const std::vector<Chunk>& chunks) {
    return chunks.empty() ? 0 : chunks.back().offset + chunks.back().size;
  }

  Result<std::vector<Chunk>> Listed(const AttemptId& id, std::chrono::seconds age) {
    {
      const std::lock_guard lock(mutex_);
      const auto found = listings_.find(id);
      if (found != listings_.end() && std::chrono::steady_clock::now() - found->second.at < age) {
        return found->second.chunks;
      }
    }
    const std::string folder = FolderOf(kLogs, id);
    MR_ASSIGN_OR_RETURN(const auto objects, client_->ListObjects(folder));
    Listing listing;
    listing.at = std::chrono::steady_clock::now();
    for (const S3Object& object : objects) {
      const auto parts = PartsOf(std::string_view(object.key).substr(folder.size()));
      const int64_t offset = NumberOf(parts.front());
      if (offset >= 0) listing.chunks.push_back({object.key, offset, object.size});
    }
    const std::lock_guard lock(mutex_);
    if (listings_.size() >= kListingsMax) listings_.clear();
    listings_[id] = listing;
    return listing.chunks;
  }

  const std::unique_ptr<S3Client> client_;
  const std::string prefix_;
  std::mutex mutex_;
  std::map<AttemptId, Listing> listings_;  // guarded by mutex_
};

}  // namespace

Result<std::unique_ptr<LogStorage>> MakeLogBucket(const S3Config& config, std::string prefix) {
  MR_ASSIGN_OR_RETURN(auto client, S3Client::Make(config));
  if (!prefix.empty() && !prefix.ends_with('/')) prefix += '/';
  return std::unique_ptr<LogStorage>(
      std::make_unique<LogBucket>(std::move(client), std::move(prefix)));
}

}  // namespace millrace
