#include "destinations/s3/s3_destination.h"

#include <nlohmann/json.hpp>

#include "clients/object_store/s3_store.h"
#include "lake/lake_config.h"
#include "lake/lake_destination.h"

namespace millrace {
namespace {

Result<S3Config> S3ConfigFromJson(const Json& config) {
  S3Config s3;
  MR_ASSIGN_OR_RETURN(s3.bucket, RequiredText(config, "s3_bucket_name"));
  MR_ASSIGN_OR_RETURN(s3.region, OptionalText(config, "s3_bucket_region"));
  MR_ASSIGN_OR_RETURN(s3.endpoint, OptionalText(config, "s3_endpoint"));
  MR_ASSIGN_OR_RETURN(s3.credentials.access_key_id, OptionalText(config, "access_key_id"));
  MR_ASSIGN_OR_RETURN(s3.credentials.secret_access_key, OptionalText(config, "secret_access_key"));
  MR_ASSIGN_OR_RETURN(const std::string role, OptionalText(config, "role_arn"));
  if (!role.empty()) {
    return ConfigError(
        "role_arn is not supported yet; leave it out and give access_key_id and "
        "secret_access_key of a user that may write to the bucket");
  }
  return s3;
}

}  // namespace

Result<std::unique_ptr<Destination>> MakeS3Destination(const Json& config) {
  MR_ASSIGN_OR_RETURN(const S3Config given, S3ConfigFromJson(config));
  MR_ASSIGN_OR_RETURN(const S3Config s3, given.Resolve());
  MR_ASSIGN_OR_RETURN(LakeConfig lake, LakeConfigFromJson(config));
  return MakeLakeDestination(
      [s3](std::stop_token stop) { return MakeS3Store(s3, "", std::move(stop)); },
      std::move(lake.layout), lake.format, lake.dedup);
}

}  // namespace millrace
