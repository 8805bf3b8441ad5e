#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "clients/object_store/object_store.h"
#include "clients/object_store/part_pool.h"
#include "clients/s3/s3_client.h"

namespace millrace {

/// The header (and key of PendingUpload's details) by which a completed object shows which upload
/// it came from.
inline constexpr const char* kUploadHeader = "x-amz-meta-millrace-upload";

/// An object on its way into a bucket: a multipart upload, begun with the first full part, sent by
/// the store's threads while the caller goes on writing. Holds one part in the making besides those
/// that the pool sends. One thread.
class MultipartUpload : public ObjectUpload {
 public:
  /// 8 MiB for the first 2,000 parts, then double for each further 2,000: 484 GiB in the 10,000
  /// parts that S3 allows.
  static int64_t PartBytes(int number);
  static constexpr int kPartsMax = 10'000;

  /// `client` and `pool` outlive it. `full_key` is the bucket's, `key` the store's.
  MultipartUpload(S3Client& client, PartPool& pool, std::string full_key, std::string key);
  /// Waits for the parts on their way, then aborts unless finished.
  ~MultipartUpload() override;

  Status Write(std::string_view bytes) override;
  Result<PendingUpload> Finish() override;

 private:
  Status SendPart();
  Status Begin();
  Status FirstError();
  void WaitForParts();

  S3Client& client_;
  PartPool& pool_;
  const std::string key_;
  const std::string token_;
  S3Upload upload_;  // its id is empty until Begin()
  std::string part_;
  int64_t bytes_ = 0;
  bool finished_ = false;

  std::mutex mutex_;
  std::condition_variable part_done_;
  std::vector<S3Part> parts_;   // guarded by mutex_; by number
  int parts_on_their_way_ = 0;  // guarded by mutex_
  Status first_error_;          // guarded by mutex_
};

}  // namespace millrace
