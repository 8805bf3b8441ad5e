#include "lake/lake_config.h"

#include <nlohmann/json.hpp>

namespace millrace {

Result<std::string> OptionalText(const Json& config, const char* field) {
  const auto found = config.is_object() ? config.find(field) : config.end();
  if (found == config.end() || found->is_null()) return std::string();
  if (!found->is_string()) return ConfigError("{} must be a text", field);
  return found->get<std::string>();
}

Result<std::string> RequiredText(const Json& config, const char* field) {
  auto text = OptionalText(config, field);
  if (text.ok() && text->empty()) return ConfigError("{} is missing", field);
  return text;
}

namespace {

Result<DedupOptions> DedupOptionsFromJson(const Json& config) {
  DedupOptions options;
  MR_ASSIGN_OR_RETURN(const std::string mode, OptionalText(config, "cdc_deletion_mode"));
  if (!mode.empty() && mode != "Hard delete" && mode != "Soft delete") {
    return ConfigError("cdc_deletion_mode \"{}\" is not one of \"Hard delete\", \"Soft delete\"",
                       mode);
  }
  options.hard_deletes = mode != "Soft delete";
  constexpr int64_t kMegabytesMax = 4096;
  const auto size = config.find("dedup_target_file_size_mb");
  if (size == config.end() || size->is_null()) return options;
  if (!size->is_number_integer() || size->get<int64_t>() < 1 ||
      size->get<int64_t>() > kMegabytesMax) {
    return ConfigError("dedup_target_file_size_mb must be a whole number from 1 to {}",
                       kMegabytesMax);
  }
  options.file_bytes = size->get<int64_t>() << 20;
  return options;
}

}  // namespace

Result<LakeConfig> LakeConfigFromJson(const Json& config) {
  LakeConfig lake;
  MR_ASSIGN_OR_RETURN(lake.layout.bucket_path, OptionalText(config, "s3_bucket_path"));
  MR_ASSIGN_OR_RETURN(lake.layout.path_format, OptionalText(config, "s3_path_format"));
  MR_ASSIGN_OR_RETURN(lake.layout.file_name_pattern, OptionalText(config, "file_name_pattern"));
  if (lake.layout.file_name_pattern.find('/') != std::string::npos) {
    return ConfigError("file_name_pattern must not hold a \"/\"; folders go to s3_path_format");
  }
  const auto format = config.find("format");
  if (format != config.end() && !format->is_null()) {
    MR_ASSIGN_OR_RETURN(lake.format, FileFormatFromJson(*format));
  }
  MR_ASSIGN_OR_RETURN(lake.dedup, DedupOptionsFromJson(config));
  return lake;
}

}  // namespace millrace
