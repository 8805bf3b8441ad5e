#include "sources/file/file_config.h"

#include <charconv>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "base/secrets.h"

namespace millrace {
namespace {

struct FormatName {
  std::string_view name;
  std::optional<SourceFileFormat> format;  ///< none: comes later
};
constexpr FormatName kFormats[] = {
    {"csv", SourceFileFormat::kCsv},
    {"json", SourceFileFormat::kJson},
    {"jsonl", SourceFileFormat::kJsonLines},
    {"parquet", SourceFileFormat::kParquet},
    {"excel", SourceFileFormat::kExcel},
    {"excel_binary", std::nullopt},
    {"fwf", std::nullopt},
    {"feather", std::nullopt},
    {"yaml", std::nullopt},
};

Result<std::string> Text(const Json& object, const char* field, bool required) {
  const auto found = object.find(field);
  if (found == object.end() || found->is_null()) {
    if (required) return ConfigError("{} is missing", field);
    return std::string();
  }
  if (!found->is_string()) return ConfigError("{} must be a string", field);
  std::string text = found->get<std::string>();
  if (required && text.empty()) return ConfigError("{} is empty", field);
  return text;
}

Result<std::string> Secret(const Json& object, const char* field) {
  MR_ASSIGN_OR_RETURN(std::string text, Text(object, field, false));
  Secrets::Register(text);
  return text;
}

Result<SourceFileFormat> ParseFormat(const Json& config) {
  MR_ASSIGN_OR_RETURN(std::string name, Text(config, "format", false));
  if (name.empty()) name = "csv";
  for (const FormatName& known : kFormats) {
    if (known.name != name) continue;
    if (known.format) return *known.format;
    return ConfigError("format: '{}' comes later; csv, json, jsonl, parquet and excel are there",
                       name);
  }
  return ConfigError("format: '{}' is not known; csv, json, jsonl, parquet and excel are there",
                     name);
}

/// Airbyte has the port as text.
Result<int> ParsePort(const Json& provider) {
  const auto found = provider.find("port");
  if (found == provider.end() || found->is_null()) return 22;
  const std::string text = found->is_string() ? found->get<std::string>() : found->dump();
  int port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port < 1 || port > 65'535) {
    return ConfigError("provider.port must be a number from 1 to 65535, not {}", text);
  }
  return port;
}

Status ParseSsh(const Json& json, FileProvider& provider) {
  MR_ASSIGN_OR_RETURN(provider.host, Text(json, "host", true));
  MR_ASSIGN_OR_RETURN(provider.user, Text(json, "user", true));
  MR_ASSIGN_OR_RETURN(provider.password, Secret(json, "password"));
  MR_ASSIGN_OR_RETURN(provider.port, ParsePort(json));
  if (!provider.password.empty()) return Status::Ok();
  return ConfigError("provider.password is missing: logging in by a key comes later");
}

Result<FileProvider> ParseProvider(const Json& config) {
  const auto found = config.find("provider");
  if (found == config.end() || !found->is_object()) return ConfigError("provider is missing");
  FileProvider provider;
  MR_ASSIGN_OR_RETURN(provider.storage, Text(*found, "storage", true));
  const std::string& storage = provider.storage;
  // Not one of Airbyte's fields: what S3-compatible servers and emulators need.
  MR_ASSIGN_OR_RETURN(provider.endpoint, Text(*found, "endpoint", false));
  if (storage == "HTTPS") {
    const auto agent = found->find("user_agent");
    provider.user_agent = agent != found->end() && agent->is_boolean() && agent->get<bool>();
  } else if (storage == "S3") {
    MR_ASSIGN_OR_RETURN(provider.access_key_id, Secret(*found, "aws_access_key_id"));
    MR_ASSIGN_OR_RETURN(provider.secret_access_key, Secret(*found, "aws_secret_access_key"));
    MR_ASSIGN_OR_RETURN(provider.region, Text(*found, "region_name", false));
    if (provider.access_key_id.empty() != provider.secret_access_key.empty()) {
      return ConfigError(
          "provider: aws_access_key_id and aws_secret_access_key are given together or not at all");
    }
  } else if (storage == "GCS") {
    MR_ASSIGN_OR_RETURN(provider.service_account_json, Secret(*found, "service_account_json"));
  } else if (storage == "AzBlob") {
    MR_ASSIGN_OR_RETURN(provider.storage_account, Text(*found, "storage_account", true));
    MR_ASSIGN_OR_RETURN(provider.sas_token, Secret(*found, "sas_token"));
    MR_ASSIGN_OR_RETURN(provider.shared_key, Secret(*found, "shared_key"));
  } else if (IsSsh(storage)) {
    MR_RETURN_IF_ERROR(ParseSsh(*found, provider));
  } else if (storage != "local") {
    return ConfigError(
        "provider.storage: '{}' is not known; local, HTTPS, S3, GCS, AzBlob, SSH, SCP and SFTP are "
        "there",
        storage);
  }
  return provider;
}

}  // namespace

bool IsSsh(std::string_view storage) {
  return storage == "SSH" || storage == "SCP" || storage == "SFTP";
}

Result<FileConfig> ParseFileConfig(const Json& config) {
  if (!config.is_object()) return ConfigError("the configuration must be an object");
  FileConfig parsed;
  MR_ASSIGN_OR_RETURN(parsed.dataset_name, Text(config, "dataset_name", true));
  MR_ASSIGN_OR_RETURN(parsed.format, ParseFormat(config));
  MR_ASSIGN_OR_RETURN(parsed.url, Text(config, "url", true));
  MR_ASSIGN_OR_RETURN(parsed.provider, ParseProvider(config));
  MR_ASSIGN_OR_RETURN(const std::string options, Text(config, "reader_options", false));
  MR_ASSIGN_OR_RETURN(parsed.options, ParseReaderOptions(options, parsed.format));
  return parsed;
}

}  // namespace millrace
