#include "clients/s3/s3_config.h"

#include <algorithm>
#include <cstdlib>

#include "base/secrets.h"
#include "clients/http/http_error.h"

namespace millrace {
namespace {

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool IsBucketName(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) || c == '-' || c == '.' || c == '_';
  });
}

}  // namespace

HttpOptions S3Config::PatientHttp() {
  HttpOptions options;
  options.retry.attempts_max = 8;
  return options;
}

Result<S3Config> S3Config::Resolve() const {
  S3Config config = *this;
  if (!IsBucketName(bucket)) {
    return ConfigError("S3: '{}' can't be the name of a bucket", bucket);
  }
  for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    if (config.region.empty()) config.region = Environment(name);
  }
  if (config.region.empty()) config.region = "us-east-1";

  AwsCredentials& keys = config.credentials;
  if (keys.access_key_id.empty() && keys.secret_access_key.empty()) {
    keys = {Environment("AWS_ACCESS_KEY_ID"), Environment("AWS_SECRET_ACCESS_KEY"),
            Environment("AWS_SESSION_TOKEN")};
    Secrets::Register(keys.secret_access_key);
    Secrets::Register(keys.session_token);
  }
  if (keys.access_key_id.empty() != keys.secret_access_key.empty()) {
    return ConfigError(
        "S3 bucket {}: there is an access key id without a secret access key, or "
        "the other way round; give both or none",
        bucket);
  }
  if (!config.endpoint.empty()) {
    if (config.endpoint.find("://") == std::string::npos) {
      config.endpoint = "https://" + config.endpoint;
    }
    while (config.endpoint.ends_with('/')) config.endpoint.pop_back();
    const bool is_http =
        config.endpoint.starts_with("http://") || config.endpoint.starts_with("https://");
    const bool is_plain = config.endpoint.find_first_of("?#@ ") == std::string::npos &&
                          !config.endpoint.ends_with(":/") && !config.endpoint.ends_with(':');
    if (!is_http || !is_plain) {
      return ConfigError("S3 bucket {}: the endpoint {} is not of the form http(s)://host[:port]",
                         bucket, SafeUrl(config.endpoint));
    }
  }
  return config;
}

}  // namespace millrace
