// The multipart calls of S3Client.

#include "clients/s3/s3_client.h"
#include "clients/s3/s3_document.h"

namespace millrace {
namespace {

constexpr int64_t kDocumentBytesMax = 16 << 20;
constexpr std::chrono::minutes kServerWorks{5};

QueryParameters PartQuery(const S3Upload& upload, int number) {
  return {{"partNumber", std::to_string(number)}, {"uploadId", upload.upload_id}};
}

}  // namespace

Result<std::string> S3Client::CreateMultipartUpload(const std::string& key,
                                                    const HttpHeaders& metadata) {
  const S3Call call{.doing = "starting to write",
                    .method = "POST",
                    .key = key,
                    .query = {{"uploads", ""}},
                    .headers = metadata};
  MR_ASSIGN_OR_RETURN(const S3Reply reply, Call(call));
  MR_ASSIGN_OR_RETURN(const auto document,
                      ParseS3Document(reply.response.body, "InitiateMultipartUploadResult",
                                      connection_.What(call)));
  std::string id = document->child("InitiateMultipartUploadResult").child_value("UploadId");
  if (id.empty()) return SystemError("{}: there is no upload id", connection_.What(call));
  return id;
}

Result<S3Part> S3Client::UploadPart(const S3Upload& upload, int number, std::string_view body) {
  const S3Call call{.doing = "writing",
                    .method = "PUT",
                    .key = upload.key,
                    .query = PartQuery(upload, number),
                    .body = body};
  MR_ASSIGN_OR_RETURN(const S3Reply reply, Call(call));
  S3Part part{number, std::string(reply.response.head.Find("ETag")),
              static_cast<int64_t>(body.size())};
  if (part.etag.empty()) {
    return SystemError("{}: the store gave no ETag for part {}", connection_.What(call), number);
  }
  return part;
}

Result<S3Part> S3Client::UploadPartCopy(const S3Upload& upload, int number, const std::string& from,
                                        int64_t offset, int64_t size) {
  const S3Call call{.doing = "copying to",
                    .method = "PUT",
                    .key = upload.key,
                    .query = PartQuery(upload, number),
                    .headers = {{"x-amz-copy-source", UriEncode("/" + bucket() + "/" + from, true)},
                                {"x-amz-copy-source-range",
                                 fmt::format("bytes={}-{}", offset, offset + size - 1)}},
                    .stall = kServerWorks};
  MR_ASSIGN_OR_RETURN(const S3Reply reply, Call(call));
  MR_ASSIGN_OR_RETURN(const auto document, ParseS3Document(reply.response.body, "CopyPartResult",
                                                           connection_.What(call)));
  return S3Part{number, document->child("CopyPartResult").child_value("ETag"), size};
}

Result<bool> S3Client::CompleteMultipartUpload(const S3Upload& upload,
                                               const std::vector<S3Part>& parts) {
  std::string body = "<CompleteMultipartUpload>";
  for (const S3Part& part : parts) {
    body += fmt::format("<Part><PartNumber>{}</PartNumber><ETag>{}</ETag></Part>", part.number,
                        EscapeXml(part.etag));
  }
  body += "</CompleteMultipartUpload>";
  const S3Call call{.doing = "completing",
                    .method = "POST",
                    .key = upload.key,
                    .query = {{"uploadId", upload.upload_id}},
                    .body = body,
                    .stall = kServerWorks};
  MR_ASSIGN_OR_RETURN(const S3Reply reply, connection_.Send(call));
  if (!reply.ok()) {
    if (reply.error->code == "NoSuchUpload") return false;
    return connection_.ToStatus(call, reply);
  }
  MR_ASSIGN_OR_RETURN(const auto document,
                      ParseS3Document(reply.response.body, "CompleteMultipartUploadResult",
                                      connection_.What(call)));
  (void)document;
  return true;
}

Status S3Client::AbortMultipartUpload(const S3Upload& upload) {
  const S3Call call{.doing = "aborting the upload of",
                    .method = "DELETE",
                    .key = upload.key,
                    .query = {{"uploadId", upload.upload_id}},
                    .cleans_up = true};
  MR_ASSIGN_OR_RETURN(const S3Reply reply, connection_.Send(call));
  // Some stores forget the code, and all that can be missing here is the upload.
  if (reply.ok() || (reply.response.head.status == 404 && reply.error->code != "NoSuchBucket")) {
    return Status::Ok();
  }
  return connection_.ToStatus(call, reply);
}

Result<std::vector<S3Part>> S3Client::ListParts(const S3Upload& upload) {
  std::vector<S3Part> parts;
  std::string marker;
  do {
    S3Call call{.doing = "listing the parts of",
                .key = upload.key,
                .query = {{"uploadId", upload.upload_id}},
                .response_bytes_max = kDocumentBytesMax};
    if (!marker.empty()) call.query.emplace_back("part-number-marker", marker);
    MR_ASSIGN_OR_RETURN(const S3Reply reply, Call(call));
    MR_ASSIGN_OR_RETURN(const auto document, ParseS3Document(reply.response.body, "ListPartsResult",
                                                             connection_.What(call)));
    const pugi::xml_node root = document->child("ListPartsResult");
    for (const auto& node : root.children("Part")) {
      parts.push_back({static_cast<int>(ParseS3Size(node.child_value("PartNumber"))),
                       node.child_value("ETag"), ParseS3Size(node.child_value("Size"))});
    }
    const std::string next = root.child_value("NextPartNumberMarker");
    const bool more = std::string_view(root.child_value("IsTruncated")) == "true";
    marker = more && next != marker ? next : "";
  } while (!marker.empty());
  return parts;
}

Result<std::vector<S3Upload>> S3Client::ListMultipartUploads(const std::string& prefix) {
  std::vector<S3Upload> uploads;
  std::string key_marker, id_marker;
  do {
    S3Call call{.doing = "listing the uploads of",
                // Not encoded: some servers say that they encode keys here, and don't.
                .query = {{"uploads", ""}, {"prefix", prefix}},
                .response_bytes_max = kDocumentBytesMax};
    if (!key_marker.empty()) {
      call.query.emplace_back("key-marker", key_marker);
      call.query.emplace_back("upload-id-marker", id_marker);
    }
    MR_ASSIGN_OR_RETURN(const S3Reply reply, Call(call));
    MR_ASSIGN_OR_RETURN(
        const auto document,
        ParseS3Document(reply.response.body, "ListMultipartUploadsResult", connection_.What(call)));
    const pugi::xml_node root = document->child("ListMultipartUploadsResult");
    const bool encoded = std::string_view(root.child_value("EncodingType")) == "url";
    for (const auto& node : root.children("Upload")) {
      uploads.push_back({DecodeKey(node.child_value("Key"), encoded), node.child_value("UploadId"),
                         ParseS3Time(node.child_value("Initiated"))});
    }
    const std::string next_key = DecodeKey(root.child_value("NextKeyMarker"), encoded);
    const std::string next_id = root.child_value("NextUploadIdMarker");
    const bool more = std::string_view(root.child_value("IsTruncated")) == "true" &&
                      (next_key != key_marker || next_id != id_marker);
    key_marker = more ? next_key : "";
    id_marker = more ? next_id : "";
  } while (!key_marker.empty());
  return uploads;
}

}  // namespace millrace
