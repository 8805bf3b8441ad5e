#include "clients/object_store/multipart_upload.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/log.h"
#include "base/uuid.h"

namespace millrace {

int64_t MultipartUpload::PartBytes(int number) {
  return (int64_t{8} << 20) << ((number - 1) / 2000);
}

MultipartUpload::MultipartUpload(S3Client& client, PartPool& pool, std::string full_key,
                                 std::string key)
    : client_(client),
      pool_(pool),
      key_(std::move(key)),
      token_(RandomUuid()),
      upload_{std::move(full_key), "", {}} {}

MultipartUpload::~MultipartUpload() {
  WaitForParts();
  if (finished_ || upload_.upload_id.empty()) return;
  const Status status = client_.AbortMultipartUpload(upload_);
  if (!status.ok()) Log(LogLevel::kWarn, "{}", status.ToString());
}

Status MultipartUpload::FirstError() {
  std::lock_guard lock(mutex_);
  return first_error_;
}

void MultipartUpload::WaitForParts() {
  std::unique_lock lock(mutex_);
  part_done_.wait(lock, [this] { return parts_on_their_way_ == 0; });
}

Status MultipartUpload::Begin() {
  MR_ASSIGN_OR_RETURN(upload_.upload_id,
                      client_.CreateMultipartUpload(upload_.key, {{kUploadHeader, token_}}));
  return Status::Ok();
}

Status MultipartUpload::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    MR_RETURN_IF_ERROR(FirstError());
    const auto part_bytes = static_cast<size_t>(PartBytes(static_cast<int>(parts_.size()) + 1));
    const size_t take = std::min(bytes.size(), part_bytes - part_.size());
    if (part_.size() + take > part_.capacity()) {
      part_.reserve(std::min(part_bytes, std::max(part_.size() + take, part_.capacity() * 2)));
    }
    part_.append(bytes.substr(0, take));
    bytes.remove_prefix(take);
    bytes_ += static_cast<int64_t>(take);
    if (part_.size() == part_bytes) MR_RETURN_IF_ERROR(SendPart());
  }
  return Status::Ok();
}

Status MultipartUpload::SendPart() {
  if (upload_.upload_id.empty()) MR_RETURN_IF_ERROR(Begin());
  auto body = std::make_shared<const std::string>(std::move(part_));
  part_ = std::string();
  int number = 0;
  {
    std::lock_guard lock(mutex_);
    // Only this thread adds parts.
    number = static_cast<int>(parts_.size()) + 1;
    if (number > kPartsMax) {
      return ConfigError("writing {}: an object can't be larger than {} parts; let files roll",
                         upload_.key, kPartsMax);
    }
    parts_.push_back({number, "", 0});
    ++parts_on_their_way_;
  }
  pool_.Run([this, number, body = std::move(body)] {
    auto part = client_.UploadPart(upload_, number, *body);
    std::lock_guard lock(mutex_);
    if (part.ok()) {
      parts_[static_cast<size_t>(number) - 1] = *std::move(part);
    } else if (first_error_.ok()) {
      first_error_ = part.status();
    }
    --parts_on_their_way_;
    part_done_.notify_all();
  });
  return Status::Ok();
}

Result<PendingUpload> MultipartUpload::Finish() {
  MR_RETURN_IF_ERROR(FirstError());
  // An object without a byte still needs one part.
  if (!part_.empty() || upload_.upload_id.empty()) MR_RETURN_IF_ERROR(SendPart());
  WaitForParts();
  MR_RETURN_IF_ERROR(FirstError());
  Json etags = Json::array();
  for (const S3Part& part : parts_) etags.push_back(part.etag);
  const Json details{{"upload_id", upload_.upload_id},
                     {"token", token_},
                     {"size", bytes_},
                     {"parts", std::move(etags)}};
  finished_ = true;
  return PendingUpload{key_, details.dump()};
}

}  // namespace millrace
