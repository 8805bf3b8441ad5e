#include "sources/file/file_location.h"

#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "base/local_paths.h"
#include "clients/object_store/cloud_stores.h"
#include "clients/object_store/s3_store.h"
#include "clients/s3/s3_config.h"
#include "files/sftp_input.h"

namespace millrace {
namespace {

/// "scheme://bucket/path/to/file" (the scheme may be left out), taken apart.
struct ObjectAddress {
  std::string bucket, key;
};

Result<ObjectAddress> ParseObjectAddress(std::string_view url, std::string_view scheme) {
  std::string_view rest = url;
  if (const size_t mark = rest.find("://"); mark != std::string_view::npos) {
    if (rest.substr(0, mark) != scheme) {
      return ConfigError("url: '{}' should begin with {}://", url, scheme);
    }
    rest.remove_prefix(mark + 3);
  }
  while (rest.starts_with('/')) rest.remove_prefix(1);
  const size_t slash = rest.find('/');
  if (slash == 0 || slash == std::string_view::npos || slash + 1 == rest.size()) {
    return ConfigError("url: '{}' names no file: {}://bucket/path/to/file does", url, scheme);
  }
  return ObjectAddress{std::string(rest.substr(0, slash)), std::string(rest.substr(slash + 1))};
}

Result<std::unique_ptr<FileInput>> OpenS3(const FileConfig& config) {
  MR_ASSIGN_OR_RETURN(ObjectAddress address, ParseObjectAddress(config.url, "s3"));
  S3Config s3;
  s3.bucket = std::move(address.bucket);
  s3.region = config.provider.region;
  s3.endpoint = config.provider.endpoint;
  if (const char* const endpoint = std::getenv("AWS_ENDPOINT_URL");
      s3.endpoint.empty() && endpoint != nullptr) {
    s3.endpoint = endpoint;
  }
  s3.credentials.access_key_id = config.provider.access_key_id;
  s3.credentials.secret_access_key = config.provider.secret_access_key;
  MR_ASSIGN_OR_RETURN(std::unique_ptr<ObjectStore> store, MakeS3Store(s3, ""));
  return MakeObjectInput(std::move(store), std::move(address.key));
}

Result<std::unique_ptr<FileInput>> OpenGcs(const FileConfig& config) {
  MR_ASSIGN_OR_RETURN(ObjectAddress address, ParseObjectAddress(config.url, "gs"));
  GcsConfig gcs;
  gcs.bucket = std::move(address.bucket);
  gcs.service_account_json = config.provider.service_account_json;
  gcs.endpoint = config.provider.endpoint;
  MR_ASSIGN_OR_RETURN(std::unique_ptr<ObjectStore> store, MakeGcsStore(gcs));
  return MakeObjectInput(std::move(store), std::move(address.key));
}

Result<std::unique_ptr<FileInput>> OpenAzure(const FileConfig& config) {
  MR_ASSIGN_OR_RETURN(ObjectAddress address, ParseObjectAddress(config.url, "azure"));
  AzureConfig azure;
  azure.account = config.provider.storage_account;
  azure.container = std::move(address.bucket);
  azure.shared_key = config.provider.shared_key;
  azure.sas_token = config.provider.sas_token;
  azure.endpoint = config.provider.endpoint;
  if (!azure.shared_key.empty() && !azure.sas_token.empty()) {
    return ConfigError("provider: sas_token and shared_key exclude each other");
  }
  MR_ASSIGN_OR_RETURN(std::unique_ptr<ObjectStore> store, MakeAzureStore(azure));
  return MakeObjectInput(std::move(store), std::move(address.key));
}

Result<std::unique_ptr<FileInput>> OpenHttp(const FileConfig& config) {
  const std::string& url = config.url;
  if (url.starts_with("https://") || url.starts_with("http://")) return MakeHttpInput(url);
  if (url.find("://") != std::string::npos) {
    return ConfigError("url: '{}' should begin with https://", url.substr(0, url.find("://") + 3));
  }
  return MakeHttpInput("https://" + url);
}

/// "/data/x.csv", or the same behind sftp://host. As with Airbyte, paths start at the root.
Result<std::unique_ptr<FileInput>> OpenSftp(const FileConfig& config) {
  std::string_view path = config.url;
  if (const size_t mark = path.find("://"); mark != std::string_view::npos) {
    const size_t slash = path.find('/', mark + 3);
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash);
  }
  while (path.starts_with('/')) path.remove_prefix(1);
  if (path.empty() || path.ends_with('/')) {
    return ConfigError("url: '{}' names no file: /path/to/file does", config.url);
  }
  SshOptions ssh;
  ssh.host = config.provider.host;
  ssh.port = config.provider.port;
  ssh.user = config.provider.user;
  ssh.password = config.provider.password;
  return MakeSftpInput(std::move(ssh), "/" + std::string(path));
}

}  // namespace

Result<std::unique_ptr<FileInput>> OpenLocation(const FileConfig& config) {
  const std::string& storage = config.provider.storage;
  if (storage == "S3") return OpenS3(config);
  if (storage == "GCS") return OpenGcs(config);
  if (storage == "AzBlob") return OpenAzure(config);
  if (storage == "HTTPS") return OpenHttp(config);
  if (IsSsh(storage)) return OpenSftp(config);
  std::string_view path = config.url;
  if (path.starts_with("file://")) path.remove_prefix(7);
  MR_ASSIGN_OR_RETURN(const auto resolved, ResolveLocalPath(path));
  return MakeLocalInput(resolved.string());
}

}  // namespace millrace
