#include <arrow/filesystem/azurefs.h>

#include <algorithm>

#include "clients/object_store/arrow_read_store.h"
#include "clients/object_store/cloud_stores.h"

namespace millrace {
namespace {

bool IsBase64(std::string_view text) {
  return !text.empty() && text.size() % 4 == 0 &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return std::isalnum(c) || c == '+' || c == '/' || c == '=';
         });
}

Status CheckConfig(const AzureConfig& config) {
  if (config.account.empty())
    return ConfigError("Azure Blob Storage: the storage account is missing");
  if (config.container.empty() || config.container.find('/') != std::string::npos) {
    return ConfigError("Azure Blob Storage: '{}' can't be the name of a container",
                       config.container);
  }
  if (!config.shared_key.empty() && !config.sas_token.empty()) {
    return ConfigError("Azure Blob Storage: there is a shared key and a SAS token; give one");
  }
  // The library throws when it signs the first request.
  if (!config.shared_key.empty() && !IsBase64(config.shared_key)) {
    return ConfigError("Azure Blob Storage: the shared key is not base64; copy it once more");
  }
  return Status::Ok();
}

arrow::Status Configure(const AzureConfig& config, arrow::fs::AzureOptions& options) {
  options.account_name = config.account;
  if (!config.endpoint.empty()) {
    const size_t scheme = config.endpoint.find("://");
    const bool bare = scheme == std::string::npos;
    options.blob_storage_scheme = bare ? "https" : config.endpoint.substr(0, scheme);
    options.blob_storage_authority = bare ? config.endpoint : config.endpoint.substr(scheme + 3);
    options.dfs_storage_scheme = options.blob_storage_scheme;
    options.dfs_storage_authority = options.blob_storage_authority;
  }
  if (!config.shared_key.empty()) return options.ConfigureAccountKeyCredential(config.shared_key);
  if (!config.sas_token.empty()) {
    const bool marked = config.sas_token.starts_with('?');
    return options.ConfigureSASCredential(marked ? config.sas_token : "?" + config.sas_token);
  }
  return options.ConfigureAnonymousCredential();
}

}  // namespace

Result<std::unique_ptr<ObjectStore>> MakeAzureStore(const AzureConfig& config) {
  MR_RETURN_IF_ERROR(CheckConfig(config));
  const std::string name = fmt::format("azure://{}/{}", config.account, config.container);
  try {
    arrow::fs::AzureOptions options;
    if (Configure(config, options).ok()) {
      auto files = arrow::fs::AzureFileSystem::Make(options);
      if (files.ok()) {
        return std::unique_ptr<ObjectStore>(
            std::make_unique<ArrowReadStore>(*std::move(files), config.container, name));
      }
    }
  } catch (const std::exception&) {
    // What it says may quote the key.
  }
  return ConfigError("{}: the credentials can't be used", name);
}

}  // namespace millrace
