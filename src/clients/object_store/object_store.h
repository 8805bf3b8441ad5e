#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_reader.h"
#include "base/clock.h"
#include "base/result.h"

namespace millrace {

struct ObjectInfo {
  std::string key;  ///< relative to the store's root, '/' between parts, none in front
  int64_t size = 0;
  WallTime last_modified{};
  std::string etag;  ///< as the store gives it; empty where it has none
};

/// An upload whose bytes are durable but which nobody can see yet. It can be written down (in an
/// intent) and completed or aborted by another process.
struct PendingUpload {
  std::string key;
  /// S3: {"upload_id": …, "parts": [etag, …]}. Disk: {"staged": relative path}.
  std::string details_json;
};

/// Bytes on their way to becoming an object. One thread; the store may upload in the background,
/// within a bound of its own. Destroying it unfinished aborts it.
class ObjectUpload {
 public:
  virtual ~ObjectUpload() = default;

  virtual Status Write(std::string_view bytes) = 0;
  /// All bytes are durable, none visible. Blocks until they are.
  virtual Result<PendingUpload> Finish() = 0;
};

/// When a Put may replace what is there.
struct PutCondition {
  enum class Kind { kAlways, kIfAbsent, kIfMatch };
  Kind kind = Kind::kAlways;
  std::string etag;  ///< kIfMatch
};
enum class PutOutcome { kWritten, kConditionFailed };

/// A flat set of named objects: an S3 bucket below a prefix, a folder on disk, a GCS or Azure
/// container. Errors name the object and the store; a missing bucket, wrong keys and a refused
/// permission are config errors, what a retry may mend was retried (by counts) and is transient.
/// Thread-safe.
class ObjectStore {
 public:
  virtual ~ObjectStore() = default;

  /// "s3://lakehouse/raw", "/data/lake": for messages.
  virtual std::string Name() const = 0;

  /// Every object whose key starts with `prefix`, in key order. Hidden things of the store itself
  /// (staged uploads) are not among them.
  virtual Result<std::vector<ObjectInfo>> List(std::string_view prefix) = 0;
  /// Null when there is no such object.
  virtual Result<std::unique_ptr<ObjectInfo>> Head(std::string_view key) = 0;
  virtual Result<std::unique_ptr<ByteReader>> OpenReader(std::string_view key,
                                                         int64_t offset = 0) = 0;
  virtual Result<std::string> ReadRange(std::string_view key, int64_t offset, int64_t size) = 0;

  /// Replaces the whole object in one step; durable and visible when it returns.
  virtual Result<PutOutcome> Put(std::string_view key, std::string_view content,
                                 const PutCondition& condition = {}) = 0;
  /// Like Put, for what can be done again: a crash of the machine may undo it. A disk saves its
  /// syncs; other stores know no difference.
  virtual Result<PutOutcome> PutRepeatable(std::string_view key, std::string_view content,
                                           const PutCondition& condition) {
    return Put(key, content, condition);
  }
  virtual Result<std::unique_ptr<ObjectUpload>> StartUpload(std::string_view key) = 0;
  /// Makes a finished upload visible under its key, replacing what is there. Idempotent: completing
  /// it again, after a crash between doing it and writing that down, is ok.
  virtual Status Complete(const PendingUpload& upload) = 0;
  /// Throws an upload away. Idempotent.
  virtual Status Abort(const PendingUpload& upload) = 0;
  /// Throws away the uploads that nobody completed, of keys that start with `prefix` and that
  /// `abandoned` names: what attempts left behind that died. Uploads started after `before` stay. On
  /// a disk, a Put that was interrupted is one of them.
  virtual Status AbortUploads(std::string_view prefix, WallTime before,
                              const std::function<bool(const PendingUpload&)>& abandoned) = 0;
  /// A key that is not there is ok.
  virtual Status Delete(const std::vector<std::string>& keys) = 0;
};

}  // namespace millrace
