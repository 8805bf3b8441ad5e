#include "clients/s3/s3_error.h"

#include <algorithm>
#include <pugixml.hpp>

#include "clients/http/http_error.h"

namespace millrace {
namespace {

constexpr auto kConfig = FailureType::kConfigError;
constexpr auto kTransient = FailureType::kTransientError;
constexpr auto kSystem = FailureType::kSystemError;

struct Known {
  std::string_view code;
  FailureType type;
  std::string_view advice;
};

constexpr Known kKnown[] = {
    {"AccessDenied", kConfig,
     "access denied; check the access key, its secret and its permissions on this bucket"},
    {"AccountProblem", kConfig, "there is a problem with the account"},
    {"AllAccessDisabled", kConfig,
     "access denied; check the access key, its secret and its permissions on this bucket"},
    {"AuthorizationHeaderMalformed", kConfig, "the request was refused; check the region"},
    {"AuthorizationQueryParametersError", kConfig, "the request was refused; check the region"},
    {"BadDigest", kTransient, "the data was damaged on its way"},
    {"ConditionalRequestConflict", kTransient, "somebody else is writing the same object"},
    {"EntityTooLarge", kConfig, "the object is larger than the store takes"},
    {"EntityTooSmall", kSystem, "the store answered EntityTooSmall"},
    {"ExpiredToken", kConfig, "the session token has expired; get new credentials"},
    {"IncompleteBody", kTransient, "the data was cut on its way"},
    {"InternalError", kTransient, "the store has an internal error"},
    {"InvalidAccessKeyId", kConfig, "the access key id is not known there; check it"},
    {"InvalidBucketName", kConfig, "this can't be the name of a bucket"},
    {"InvalidPart", kSystem, "the store answered InvalidPart"},
    {"InvalidPartOrder", kSystem, "the store answered InvalidPartOrder"},
    {"InvalidSecurity", kConfig, "the credentials are not valid; check them"},
    {"InvalidToken", kConfig, "the session token is not valid; get new credentials"},
    {"KeyTooLongError", kConfig, "the object's name is too long"},
    {"MalformedXML", kSystem, "the store answered MalformedXML"},
    {"MethodNotAllowed", kConfig, "the endpoint doesn't allow this; check that it is an S3 one"},
    {"NoSuchBucket", kConfig, "there is no such bucket; check its name, region and endpoint"},
    {"NoSuchKey", kConfig, "there is no such object"},
    {"NoSuchUpload", kSystem, "there is no such upload (any more)"},
    {"NotImplemented", kConfig, "the store doesn't support this"},
    {"OperationAborted", kTransient, "somebody else is changing the same thing"},
    {"PermanentRedirect", kConfig, "the bucket is elsewhere; check region and endpoint"},
    {"PreconditionFailed", kTransient, "somebody else has changed the object"},
    {"QuotaExceeded", kConfig, "the store's quota is used up"},
    {"RequestTimeTooSkewed", kConfig, "this machine's clock is wrong; set it"},
    {"RequestTimeout", kTransient, "the request took too long"},
    {"ServiceUnavailable", kTransient, "the store is not available"},
    {"SignatureDoesNotMatch", kConfig,
     "the signature was refused; check the secret access key, and the region"},
    {"SlowDown", kTransient, "the store asks for fewer requests"},
    {"TemporaryRedirect", kTransient, "the bucket is being moved"},
    {"XMinioStorageFull", kConfig, "the store's disk is full"},
};

static_assert(std::is_sorted(std::begin(kKnown), std::end(kKnown),
                             [](const Known& a, const Known& b) { return a.code < b.code; }));

const Known* Find(std::string_view code) {
  const auto* found =
      std::lower_bound(std::begin(kKnown), std::end(kKnown), code,
                       [](const Known& a, std::string_view b) { return a.code < b; });
  return found != std::end(kKnown) && found->code == code ? found : nullptr;
}

/// Replies to HEAD have no document.
std::string_view CodeOf(int status) {
  switch (status) {
    case 301:
      return "PermanentRedirect";
    case 307:
      return "TemporaryRedirect";
    case 401:
    case 403:
      return "AccessDenied";
    case 404:
      return "NoSuchKey";
    case 405:
      return "MethodNotAllowed";
    case 412:
      return "PreconditionFailed";
    case 429:
      return "SlowDown";
    case 501:
      return "NotImplemented";
    default:
      return "";
  }
}

}  // namespace

S3Error S3Error::Parse(const HttpReply& response) {
  S3Error error;
  pugi::xml_document document;
  if (document.load_buffer(response.body.data(), response.body.size())) {
    // Some servers wrap it: <ErrorResponse><Error>.
    pugi::xml_node node = document.child("Error");
    if (!node) node = document.first_child().child("Error");
    error.code = node.child_value("Code");
    error.message = node.child_value("Message");
    error.region = node.child_value("Region");
  }
  if (error.region.empty()) error.region = response.head.Find("x-amz-bucket-region");
  const int status = response.head.status;
  if (error.code.empty()) error.code = CodeOf(status);
  if (error.code.empty()) error.code = fmt::format("HTTP {}", status);
  const Known* known = Find(error.code);
  error.transient_ = known != nullptr ? known->type == kTransient && status != 412
                                      : IsTransientStatus(status) || status > 504;
  return error;
}

S3Error S3Error::FromCode(std::string code, std::string message) {
  S3Error error;
  error.code = std::move(code);
  error.message = std::move(message);
  const Known* known = Find(error.code);
  error.transient_ = known != nullptr && known->type == kTransient;
  return error;
}

Status S3Error::ToStatus(std::string_view what) const {
  const Known* known = Find(code);
  const FailureType type = known != nullptr ? known->type : transient_ ? kTransient : kConfig;
  const std::string said =
      known != nullptr ? std::string(known->advice) : "the store answered " + code;
  return Status::Failed({type,
                         fmt::format("{}: {}", what, said),
                         message.empty() ? code : fmt::format("{}: {}", code, message),
                         {}});
}

}  // namespace millrace
