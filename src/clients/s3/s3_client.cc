#include "clients/s3/s3_client.h"

#include <openssl/evp.h>

#include <algorithm>

#include "clients/s3/s3_document.h"

namespace millrace {
namespace {

constexpr size_t kDeleteBatch = 1000;
// A listing of a thousand long keys is below it.
constexpr int64_t kDocumentBytesMax = 16 << 20;
constexpr std::chrono::minutes kServerWorks{5};

std::string Md5Base64(std::string_view data) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  MR_CHECK(EVP_Digest(data.data(), data.size(), digest, &size, EVP_md5(), nullptr) == 1,
           "MD5 is not available");
  unsigned char text[64];
  const int length = EVP_EncodeBlock(text, digest, static_cast<int>(size));
  return {reinterpret_cast<const char*>(text), static_cast<size_t>(length)};
}

S3Object ObjectOf(const HttpResponseHead& head, const std::string& key) {
  return {key, ParseS3Size(head.Find("Content-Length")),
          ParseS3Time(std::string(head.Find("Last-Modified"))), std::string(head.Find("ETag")),
          head.headers};
}

}  // namespace

Result<std::unique_ptr<S3Client>> S3Client::Make(const S3Config& config, std::stop_token stop,
                                                 const Clock& clock) {
  MR_ASSIGN_OR_RETURN(S3Config resolved, config.Resolve());
  return std::unique_ptr<S3Client>(new S3Client(std::move(resolved), std::move(stop), clock));
}

Result<S3Reply> S3Client::Call(const S3Call& call) {
  MR_ASSIGN_OR_RETURN(S3Reply reply, connection_.Send(call));
  if (!reply.ok()) return connection_.ToStatus(call, reply);
  bucket_seen_ = true;
  return reply;
}

Status S3Client::CheckBucket() {
  if (bucket_seen_) return Status::Ok();
  const S3Call call{.doing = "looking into",
                    .query = {{"list-type", "2"}, {"max-keys", "1"}},
                    .response_bytes_max = kDocumentBytesMax};
  MR_ASSIGN_OR_RETURN(const S3Reply reply, connection_.Send(call));
  if (!reply.ok() && reply.error->code == "NoSuchBucket") return connection_.ToStatus(call, reply);
  // Whoever may not list may still read and write.
  bucket_seen_ = true;
  return Status::Ok();
}

Result<std::unique_ptr<S3Object>> S3Client::HeadObject(const std::string& key) {
  const S3Call call{.doing = "looking for", .method = "HEAD", .key = key};
  MR_ASSIGN_OR_RETURN(const S3Reply reply, connection_.Send(call));
  if (reply.ok()) {
    bucket_seen_ = true;
    return std::make_unique<S3Object>(ObjectOf(reply.response.head, key));
  }
  if (reply.response.head.status != 404) return connection_.ToStatus(call, reply);
  MR_RETURN_IF_ERROR(CheckBucket());
  return std::unique_ptr<S3Object>();
}

Result<std::string> S3Client::GetObject(const std::string& key, int64_t offset, int64_t size) {
  if (size == 0) return std::string();
  const S3Call call{.doing = "reading",
                    .key = key,
                    .headers = {{"Range", fmt::format("bytes={}-{}", offset, offset + size - 1)}},
                    // An error document may be longer than the range.
                    .response_bytes_max = std::max<int64_t>(size, 1 << 20)};
  MR_ASSIGN_OR_RETURN(S3Reply reply, connection_.Send(call));
  const int status = reply.response.head.status;
  if (status == 416) return std::string();
  if (!reply.ok()) return connection_.ToStatus(call, reply);
  if (status != 206) {
    // The store doesn't know ranges, or the object is empty.
    const auto begin = std::min<size_t>(static_cast<size_t>(offset), reply.response.body.size());
    return reply.response.body.substr(begin, static_cast<size_t>(size));
  }
  return std::move(reply.response.body);
}

Result<std::unique_ptr<ByteReader>> S3Client::OpenObject(const std::string& key, int64_t offset) {
  MR_ASSIGN_OR_RETURN(auto reader, connection_.Open({.doing = "reading", .key = key}, offset));
  return std::unique_ptr<ByteReader>(std::move(reader));
}

/// After a write whose condition was not met, perhaps because an answer was lost: is what lies
/// there what was to be written?
Result<bool> S3Client::IsOurs(const std::string& key, std::string_view body) {
  const auto size = static_cast<int64_t>(body.size());
  MR_ASSIGN_OR_RETURN(const auto object, HeadObject(key));
  if (object == nullptr || object->size != size) return false;
  MR_ASSIGN_OR_RETURN(const std::string content, GetObject(key, 0, size));
  return content == body;
}

Result<bool> S3Client::PutObject(const std::string& key, std::string_view body,
                                 const S3Condition& condition) {
  S3Call call{.doing = "writing", .method = "PUT", .key = key, .body = body};
  if (condition.if_absent) call.headers.emplace_back("If-None-Match", "*");
  if (!condition.if_match.empty()) call.headers.emplace_back("If-Match", condition.if_match);
  MR_ASSIGN_OR_RETURN(const S3Reply reply, connection_.Send(call));
  if (reply.ok()) {
    bucket_seen_ = true;
    return true;
  }
  const bool conditional = !call.headers.empty();
  const int status = reply.response.head.status;
  // If-Match of an object that is gone is answered 404.
  const bool refused = status == 412 || (!condition.if_match.empty() && status == 404 &&
                                         reply.error->code == "NoSuchKey");
  if (!conditional || !refused) return connection_.ToStatus(call, reply);
  // Also after one attempt: when a kept connection turns out to be dead, libcurl sends the request
  // again without a word, and the first one may have had its effect.
  return IsOurs(key, body);
}

Status S3Client::DeleteOne(const std::string& key) {
  const S3Call call{.doing = "deleting", .method = "DELETE", .key = key};
  MR_ASSIGN_OR_RETURN(const S3Reply reply, connection_.Send(call));
  if (reply.ok() || reply.error->code == "NoSuchKey") return Status::Ok();
  return connection_.ToStatus(call, reply);
}

Status S3Client::DeleteBatch(const std::vector<std::string>& keys, size_t begin, size_t end) {
  std::string body = "<Delete><Quiet>true</Quiet>";
  for (size_t i = begin; i < end; ++i) {
    body += "<Object><Key>" + EscapeXml(keys[i]) + "</Key></Object>";
  }
  body += "</Delete>";
  const S3Call call{.doing = "deleting from",
                    .method = "POST",
                    .query = {{"delete", ""}},
                    .headers = {{"Content-MD5", Md5Base64(body)}},
                    .body = body,
                    .response_bytes_max = kDocumentBytesMax};
  MR_ASSIGN_OR_RETURN(const S3Reply reply, connection_.Send(call));
  if (!reply.ok()) {
    const std::string& code = reply.error->code;
    if (code != "NotImplemented" && code != "MethodNotAllowed") {
      return connection_.ToStatus(call, reply);
    }
    for (size_t i = begin; i < end; ++i) MR_RETURN_IF_ERROR(DeleteOne(keys[i]));
    return Status::Ok();
  }
  MR_ASSIGN_OR_RETURN(const auto document,
                      ParseS3Document(reply.response.body, "DeleteResult", connection_.What(call)));
  for (const auto& node : document->child("DeleteResult").children("Error")) {
    S3Error error = S3Error::FromCode(node.child_value("Code"), node.child_value("Message"));
    if (error.code == "NoSuchKey") continue;
    return error.ToStatus(connection_.What({.doing = "deleting", .key = node.child_value("Key")}));
  }
  return Status::Ok();
}

Status S3Client::DeleteObjects(const std::vector<std::string>& keys) {
  if (keys.size() == 1) return DeleteOne(keys[0]);
  for (size_t begin = 0; begin < keys.size(); begin += kDeleteBatch) {
    MR_RETURN_IF_ERROR(DeleteBatch(keys, begin, std::min(begin + kDeleteBatch, keys.size())));
  }
  return Status::Ok();
}

Result<std::vector<S3Object>> S3Client::ListObjects(const std::string& prefix) {
  std::vector<S3Object> objects;
  std::string token;
  do {
    S3Call call{.doing = "listing",
                .query = {{"list-type", "2"}, {"prefix", prefix}, {"encoding-type", "url"}},
                .response_bytes_max = kDocumentBytesMax};
    if (!token.empty()) call.query.emplace_back("continuation-token", token);
    MR_ASSIGN_OR_RETURN(const S3Reply reply, Call(call));
    MR_ASSIGN_OR_RETURN(
        const auto document,
        ParseS3Document(reply.response.body, "ListBucketResult", connection_.What(call)));
    const pugi::xml_node root = document->child("ListBucketResult");
    const bool encoded = std::string_view(root.child_value("EncodingType")) == "url";
    for (const auto& node : root.children("Contents")) {
      objects.push_back({DecodeKey(node.child_value("Key"), encoded),
                         ParseS3Size(node.child_value("Size")),
                         ParseS3Time(node.child_value("LastModified")),
                         node.child_value("ETag"),
                         {}});
    }
    const std::string next = root.child_value("NextContinuationToken");
    const bool more = std::string_view(root.child_value("IsTruncated")) == "true";
    // A server that repeats itself would keep us here for ever.
    if (more && (next.empty() || next == token)) {
      return SystemError("{}: the listing is cut, and its continuation is missing",
                         connection_.What(call));
    }
    token = more ? next : "";
  } while (!token.empty());
  std::sort(objects.begin(), objects.end(),
            [](const S3Object& a, const S3Object& b) { return a.key < b.key; });
  return objects;
}

Status S3Client::CopyObject(const std::string& from, const std::string& to) {
  const std::string source = UriEncode("/" + bucket() + "/" + from, true);
  return Call({.doing = "copying to",
               .method = "PUT",
               .key = to,
               .headers = {{"x-amz-copy-source", source}},
               .stall = kServerWorks})
      .status();
}

}  // namespace millrace
