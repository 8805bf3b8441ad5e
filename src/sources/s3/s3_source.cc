#include "sources/s3/s3_source.h"

#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/clock.h"
#include "base/secrets.h"
#include "clients/object_store/s3_store.h"
#include "files/config_field.h"
#include "files/file_stream_source.h"
#include "formats/iso_time.h"
#include "sources/s3/legacy_config.h"

namespace millrace {
namespace {

Result<S3Config> ParseStore(const Json& config) {
  S3Config s3;
  MR_ASSIGN_OR_RETURN(s3.bucket, TextField(config, "bucket"));
  if (s3.bucket.empty()) return ConfigError("bucket is missing");
  MR_ASSIGN_OR_RETURN(s3.endpoint, TextField(config, "endpoint"));
  MR_ASSIGN_OR_RETURN(s3.region, TextField(config, "region_name"));
  MR_ASSIGN_OR_RETURN(s3.credentials.access_key_id, TextField(config, "aws_access_key_id"));
  MR_ASSIGN_OR_RETURN(s3.credentials.secret_access_key, TextField(config, "aws_secret_access_key"));
  Secrets::Register(s3.credentials.secret_access_key);
  MR_ASSIGN_OR_RETURN(const std::string role, TextField(config, "role_arn"));
  if (!role.empty()) {
    return ConfigError(
        "role_arn is not supported yet; leave it out and give aws_access_key_id and "
        "aws_secret_access_key of a user that may read the bucket");
  }
  return s3.Resolve();
}

Result<std::optional<WallTime>> ParseStartDate(const Json& config) {
  MR_ASSIGN_OR_RETURN(const std::string text, TextField(config, "start_date"));
  if (text.empty()) return std::optional<WallTime>();
  if (const auto time = ParseIsoTimestamp(text)) {
    return std::optional(WallTime(std::chrono::microseconds(time->micros)));
  }
  return ConfigError("start_date must be a time like 2021-01-01T00:00:00.000000Z, not {}", text);
}

Status CheckDelivery(const Json& config) {
  const auto method = config.find("delivery_method");
  if (method == config.end() || method->is_null()) return Status::Ok();
  MR_ASSIGN_OR_RETURN(const std::string type,
                      TextField(*method, "delivery_type", "use_records_transfer"));
  if (type == "use_records_transfer") return Status::Ok();
  return ConfigError("delivery_method: '{}' comes later; use_records_transfer is there", type);
}

}  // namespace

Result<S3SourceConfig> ParseS3SourceConfig(const Json& given) {
  if (!given.is_object()) return ConfigError("the configuration must be an object");
  Json config = given;
  if (IsLegacyS3Config(given)) {
    MR_ASSIGN_OR_RETURN(config, FromLegacyS3Config(given));
  }
  S3SourceConfig parsed;
  MR_ASSIGN_OR_RETURN(parsed.s3, ParseStore(config));
  MR_ASSIGN_OR_RETURN(parsed.start_date, ParseStartDate(config));
  MR_RETURN_IF_ERROR(CheckDelivery(config));
  const auto streams = config.find("streams");
  if (streams == config.end()) return ConfigError("streams is missing");
  MR_ASSIGN_OR_RETURN(parsed.streams, FileStreamsFromJson(*streams));
  return parsed;
}

Result<std::unique_ptr<Source>> MakeS3Source(const Json& config) {
  MR_ASSIGN_OR_RETURN(S3SourceConfig parsed, ParseS3SourceConfig(config));
  MR_ASSIGN_OR_RETURN(std::unique_ptr<ObjectStore> store, MakeS3Store(parsed.s3, ""));
  return std::make_unique<FileStreamSource>(
      "source-s3", std::move(store), std::move(parsed.streams), parsed.start_date, Clock::System());
}

}  // namespace millrace
