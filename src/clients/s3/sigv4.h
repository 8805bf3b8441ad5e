#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace millrace {

/// A key pair, perhaps a temporary one. Plain value; never printed.
struct AwsCredentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;  ///< empty: a lasting key pair
};

/// Percent-encodes every byte but letters, digits and "-._~", and "/" when `keep_slashes`: what
/// AWS calls UriEncode.
std::string UriEncode(std::string_view text, bool keep_slashes = false);

using QueryParameters = std::vector<std::pair<std::string, std::string>>;

/// Encoded, sorted by name: AWS's canonical query string, and a valid query.
std::string CanonicalQuery(QueryParameters parameters);

/// Lower-case hex of the SHA-256.
std::string Sha256Hex(std::string_view data);

/// "20130524T000000Z".
std::string AmzDate(WallTime time);

/// What AWS Signature Version 4 covers ("Authenticating Requests", Amazon S3 API reference).
struct SigV4Request {
  std::string_view method;
  std::string_view path;   ///< encoded, as it is sent
  std::string_view query;  ///< CanonicalQuery
  /// Those to be signed, "host" among them; lower-case names.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string_view payload_hash;  ///< Sha256Hex of the body, or UNSIGNED-PAYLOAD
  std::string_view amz_date;      ///< AmzDate
};

/// The value of the Authorization header.
std::string SigV4Authorization(SigV4Request request, const AwsCredentials& credentials,
                               std::string_view region, std::string_view service = "s3");

}  // namespace millrace
