#include "clients/object_store/s3_store.h"

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "clients/object_store/multipart_upload.h"
#include "clients/object_store/part_pool.h"
#include "clients/s3/s3_client.h"

namespace millrace {
namespace {

struct PendingDetails {
  S3Upload upload;
  std::vector<S3Part> parts;
  std::string token;
  int64_t size = -1;
};

class S3Store : public ObjectStore {
 public:
  S3Store(std::unique_ptr<S3Client> client, std::string prefix)
      : client_(std::move(client)), prefix_(std::move(prefix)), pool_(kPartsInFlight) {}

  std::string Name() const override {
    std::string name = "s3://" + client_->bucket();
    if (!prefix_.empty()) name += "/" + prefix_.substr(0, prefix_.size() - 1);
    return name;
  }

  Result<std::vector<ObjectInfo>> List(std::string_view prefix) override {
    MR_ASSIGN_OR_RETURN(auto objects, client_->ListObjects(FullKey(prefix)));
    std::vector<ObjectInfo> infos;
    infos.reserve(objects.size());
    for (S3Object& object : objects) {
      // Consoles make an object "folder/" for a folder.
      if (object.key.size() > prefix_.size() && !object.key.ends_with('/')) {
        infos.push_back(InfoOf(object));
      }
    }
    return infos;
  }

  Result<std::unique_ptr<ObjectInfo>> Head(std::string_view key) override {
    MR_ASSIGN_OR_RETURN(const auto object, client_->HeadObject(FullKey(key)));
    if (object == nullptr) return std::unique_ptr<ObjectInfo>();
    return std::make_unique<ObjectInfo>(InfoOf(*object));
  }

  Result<std::unique_ptr<ByteReader>> OpenReader(std::string_view key, int64_t offset) override {
    return client_->OpenObject(FullKey(key), offset);
  }

  Result<std::string> ReadRange(std::string_view key, int64_t offset, int64_t size) override {
    return client_->GetObject(FullKey(key), offset, size);
  }

  Result<PutOutcome> Put(std::string_view key, std::string_view content,
                         const PutCondition& condition) override {
    S3Condition s3_condition;
    s3_condition.if_absent = condition.kind == PutCondition::Kind::kIfAbsent;
    if (condition.kind == PutCondition::Kind::kIfMatch) s3_condition.if_match = condition.etag;
    MR_ASSIGN_OR_RETURN(const bool written,
                        client_->PutObject(FullKey(key), content, s3_condition));
    return written ? PutOutcome::kWritten : PutOutcome::kConditionFailed;
  }

  Result<std::unique_ptr<ObjectUpload>> StartUpload(std::string_view key) override {
    return std::unique_ptr<ObjectUpload>(
        std::make_unique<MultipartUpload>(*client_, pool_, FullKey(key), std::string(key)));
  }

  Status Complete(const PendingUpload& upload) override {
    MR_ASSIGN_OR_RETURN(const PendingDetails details, Parse(upload));
    MR_ASSIGN_OR_RETURN(const bool done,
                        client_->CompleteMultipartUpload(details.upload, details.parts));
    if (done) return Status::Ok();
    MR_ASSIGN_OR_RETURN(const auto object, client_->HeadObject(details.upload.key));
    if (object != nullptr && IsFrom(details, *object)) return Status::Ok();
    return TransientError(
        "completing s3://{}/{}: the unfinished upload is gone; if a rule of the bucket removes "
        "them, let it wait for days",
        client_->bucket(), details.upload.key);
  }

  Status Abort(const PendingUpload& upload) override {
    MR_ASSIGN_OR_RETURN(const PendingDetails details, Parse(upload));
    return client_->AbortMultipartUpload(details.upload);
  }

  Status AbortUploads(std::string_view prefix, WallTime before,
                      const std::function<bool(const PendingUpload&)>& abandoned) override {
    MR_ASSIGN_OR_RETURN(const auto uploads, client_->ListMultipartUploads(FullKey(prefix)));
    for (const S3Upload& upload : uploads) {
      // Some servers list more than was asked for.
      if (!upload.key.starts_with(FullKey(prefix)) || upload.initiated > before) continue;
      const Json details{{"upload_id", upload.upload_id}, {"parts", Json::array()}};
      if (!abandoned({upload.key.substr(prefix_.size()), details.dump()})) continue;
      MR_RETURN_IF_ERROR(client_->AbortMultipartUpload(upload));
    }
    return Status::Ok();
  }

  Status Delete(const std::vector<std::string>& keys) override {
    std::vector<std::string> full_keys;
    full_keys.reserve(keys.size());
    for (const std::string& key : keys) full_keys.push_back(FullKey(key));
    return client_->DeleteObjects(full_keys);
  }

 private:
  std::string FullKey(std::string_view key) const { return prefix_ + std::string(key); }

  ObjectInfo InfoOf(const S3Object& object) const {
    return {object.key.substr(prefix_.size()), object.size, object.last_modified, object.etag};
  }

  Result<PendingDetails> Parse(const PendingUpload& upload) const {
    const Json json = Json::parse(upload.details_json, nullptr, false);
    const bool sound = json.is_object() && json.contains("upload_id") &&
                       json["upload_id"].is_string() && json.contains("parts") &&
                       json["parts"].is_array();
    if (!sound) {
      return SystemError("{}: not an upload of this store: {}", upload.key, upload.details_json);
    }
    PendingDetails details;
    details.upload = {FullKey(upload.key), json["upload_id"].get<std::string>(), {}};
    for (const Json& etag : json["parts"]) {
      if (!etag.is_string()) return SystemError("{}: an ETag that is not text", upload.key);
      details.parts.push_back(
          {static_cast<int>(details.parts.size()) + 1, etag.get<std::string>(), 0});
    }
    if (json.contains("token") && json["token"].is_string()) details.token = json["token"];
    if (json.contains("size") && json["size"].is_number_integer()) details.size = json["size"];
    return details;
  }

  /// Did this upload become this object? Its token says so; a store that drops metadata leaves the
  /// size, and the number of parts that ends a multipart ETag.
  static bool IsFrom(const PendingDetails& details, const S3Object& object) {
    const HttpResponseHead head{.status = 200, .headers = object.headers};
    const std::string_view token = head.Find(kUploadHeader);
    if (!token.empty()) return token == details.token;
    const std::string suffix = fmt::format("-{}", details.parts.size());
    return object.size == details.size &&
           (object.etag.ends_with(suffix) || object.etag.ends_with(suffix + "\""));
  }

  const std::unique_ptr<S3Client> client_;
  const std::string prefix_;  // empty, or ends with '/'
  PartPool pool_;             // ends before the client
};

}  // namespace

Result<std::unique_ptr<ObjectStore>> MakeS3Store(const S3Config& config, std::string prefix,
                                                 std::stop_token stop) {
  while (prefix.starts_with('/')) prefix.erase(0, 1);
  while (prefix.ends_with('/')) prefix.pop_back();
  if (!prefix.empty()) prefix += '/';
  MR_ASSIGN_OR_RETURN(auto client, S3Client::Make(config, std::move(stop)));
  return std::unique_ptr<ObjectStore>(
      std::make_unique<S3Store>(std::move(client), std::move(prefix)));
}

}  // namespace millrace
