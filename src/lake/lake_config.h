#pragma once

#include <string>

#include "base/json.h"
#include "base/result.h"
#include "formats/file_format.h"
#include "lake/dedup_options.h"
#include "lake/table_layout.h"

namespace millrace {

/// The fields that every destination of files has: format, s3_bucket_path, s3_path_format,
/// file_name_pattern, and how deduplicated tables are kept. A plain value.
struct LakeConfig {
  LayoutConfig layout;
  FileFormat format;
  DedupOptions dedup;
};

/// Config errors name the field.
Result<LakeConfig> LakeConfigFromJson(const Json& config);

/// A text that must be there, and one that may be (empty when it is not).
Result<std::string> RequiredText(const Json& config, const char* field);
Result<std::string> OptionalText(const Json& config, const char* field);

}  // namespace millrace
