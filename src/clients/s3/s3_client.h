#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_reader.h"
#include "base/clock.h"
#include "base/result.h"
#include "clients/s3/s3_connection.h"

namespace millrace {

/// An object as ListObjectsV2 or HeadObject shows it.
struct S3Object {
  std::string key;
  int64_t size = 0;
  WallTime last_modified{};
  std::string etag;     ///< as the store gives it, quotes included
  HttpHeaders headers;  ///< HeadObject only: x-amz-meta-* are among them
};

/// When a write may happen: If-None-Match and If-Match.
struct S3Condition {
  bool if_absent = false;
  std::string if_match;  ///< an ETag
};

struct S3Upload {
  std::string key;
  std::string upload_id;
  WallTime initiated{};  ///< ListMultipartUploads only, by the server's clock
};

struct S3Part {
  int number = 0;
  std::string etag;
  int64_t size = 0;
};

/// The S3 API of one bucket, as far as Millrace needs it: AWS, MinIO, Garage, SeaweedFS, GCS by
/// HMAC keys. Every call blocks, retries what may pass (by count) and names the object in its
/// errors; see S3Error for what they say. Keys are any UTF-8 text. Thread-safe.
class S3Client {
 public:
  /// Contacts nothing. `stop` ends every call at once, with kCanceled; only aborting an upload is
  /// still tried.
  static Result<std::unique_ptr<S3Client>> Make(const S3Config& config, std::stop_token stop = {},
                                                const Clock& clock = Clock::System());

  const std::string& bucket() const { return connection_.config().bucket; }

  /// Null when there is no such object; a config error when there is no such bucket.
  Result<std::unique_ptr<S3Object>> HeadObject(const std::string& key);
  /// Bytes [offset, offset + size), fewer at the object's end.
  Result<std::string> GetObject(const std::string& key, int64_t offset, int64_t size);
  /// The client outlives the reader.
  Result<std::unique_ptr<ByteReader>> OpenObject(const std::string& key, int64_t offset);
  /// False: the condition was not met, and something else lies there. Right also when a retry finds
  /// its own earlier write; two writers whom a condition shall keep apart write different bodies.
  Result<bool> PutObject(const std::string& key, std::string_view body,
                         const S3Condition& condition = {});
  /// In batches of 1000; one by one where a store has no batches. What is not there is ok.
  Status DeleteObjects(const std::vector<std::string>& keys);
  /// All keys with this prefix, sorted. Pages of 1000.
  Result<std::vector<S3Object>> ListObjects(const std::string& prefix);
  Status CopyObject(const std::string& from, const std::string& to);

  // Multipart uploads: invisible until completed.

  /// `metadata`: "x-amz-meta-…" headers of the later object.
  Result<std::string> CreateMultipartUpload(const std::string& key, const HttpHeaders& metadata);
  /// Numbers from 1. At least 5 MiB, the last part excepted.
  Result<S3Part> UploadPart(const S3Upload& upload, int number, std::string_view body);
  /// Copies bytes [offset, offset + size) of another object of the bucket.
  Result<S3Part> UploadPartCopy(const S3Upload& upload, int number, const std::string& from,
                                int64_t offset, int64_t size);
  /// False: there is no such upload, so it was completed or aborted before.
  Result<bool> CompleteMultipartUpload(const S3Upload& upload, const std::vector<S3Part>& parts);
  /// An upload that is not there is ok.
  Status AbortMultipartUpload(const S3Upload& upload);
  Result<std::vector<S3Part>> ListParts(const S3Upload& upload);
  /// Those of keys with this prefix that nobody completed or aborted.
  Result<std::vector<S3Upload>> ListMultipartUploads(const std::string& prefix);

 private:
  S3Client(S3Config config, std::stop_token stop, const Clock& clock)
      : connection_(std::move(config), clock, std::move(stop)) {}

  /// Sends and turns every error into a status.
  Result<S3Reply> Call(const S3Call& call);
  Status DeleteBatch(const std::vector<std::string>& keys, size_t begin, size_t end);
  Status DeleteOne(const std::string& key);
  /// A reply to HEAD doesn't say whether it is the bucket that is missing.
  Status CheckBucket();
  Result<bool> IsOurs(const std::string& key, std::string_view body);

  S3Connection connection_;
  std::atomic<bool> bucket_seen_ = false;
};

}  // namespace millrace
