#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "clients/s3/s3_config.h"
#include "connector/source.h"
#include "files/file_stream_config.h"

namespace millrace {

/// source-s3's connectionConfiguration. A plain value.
struct S3SourceConfig {
  S3Config s3;
  std::vector<FileStreamConfig> streams;
  std::optional<WallTime> start_date;
};

/// Config errors name the field. Takes configurations of before version 4, too. Contacts nothing;
/// registers the secrets.
Result<S3SourceConfig> ParseS3SourceConfig(const Json& config);

/// The entry of cli/builtin_connectors.cc.
Result<std::unique_ptr<Source>> MakeS3Source(const Json& config);

}  // namespace millrace
