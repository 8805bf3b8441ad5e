#pragma once

#include <string>

#include "base/result.h"
#include "clients/http/http_options.h"
#include "clients/s3/sigv4.h"

namespace millrace {

/// Which bucket, and how to get in. A plain value.
struct S3Config {
  std::string bucket;
  /// Empty: AWS_REGION, AWS_DEFAULT_REGION, us-east-1. Another one that the server names is taken.
  std::string region;
  /// Empty: AWS. "http://localhost:9000"; without a scheme https. Buckets of a custom endpoint are
  /// addressed by path, AWS's by host name.
  std::string endpoint;
  /// Without keys: those of AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN; without
  /// these, too: requests are not signed (public buckets).
  AwsCredentials credentials;
  HttpOptions http = PatientHttp();

  /// More attempts than usual: stores answer 503 when they want us to be slower.
  static HttpOptions PatientHttp();

  /// The same with empty fields filled in from the environment. Config errors: no bucket, a bucket
  /// name that can't be one, an endpoint that isn't a URL, half a key pair.
  Result<S3Config> Resolve() const;
};

}  // namespace millrace
