#include <arrow/filesystem/gcsfs.h>
#include <openssl/pem.h>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "clients/object_store/arrow_read_store.h"
#include "clients/object_store/cloud_stores.h"

namespace millrace {
namespace {

// The library's own retries last for a quarter of an hour otherwise.
constexpr double kRetrySeconds = 60;

/// A key file of the right kind: the library finds out only when it signs.
Status CheckServiceAccount(const std::string& text) {
  const Json key = Json::parse(text, nullptr, false);
  if (!key.is_object()) {
    return ConfigError("Google Cloud Storage: service_account_json is not a JSON object");
  }
  for (const char* field : {"client_email", "private_key"}) {
    if (!key.contains(field) || !key[field].is_string()) {
      return ConfigError(
          "Google Cloud Storage: service_account_json has no {}; give a service account's key file",
          field);
    }
  }
  const std::string pem = key["private_key"];
  const std::unique_ptr<BIO, decltype(&BIO_free)> source(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> parsed(
      PEM_read_bio_PrivateKey(source.get(), nullptr, nullptr, nullptr), &EVP_PKEY_free);
  if (parsed == nullptr) {
    return ConfigError(
        "Google Cloud Storage: the private_key of service_account_json is not a PEM key; give the "
        "key file as it was downloaded");
  }
  return Status::Ok();
}

}  // namespace

Result<std::unique_ptr<ObjectStore>> MakeGcsStore(const GcsConfig& config) {
  if (config.bucket.empty() || config.bucket.find('/') != std::string::npos) {
    return ConfigError("Google Cloud Storage: '{}' can't be the name of a bucket", config.bucket);
  }
  arrow::fs::GcsOptions options = arrow::fs::GcsOptions::Anonymous();
  if (!config.service_account_json.empty()) {
    MR_RETURN_IF_ERROR(CheckServiceAccount(config.service_account_json));
    options = arrow::fs::GcsOptions::FromServiceAccountCredentials(config.service_account_json);
  }
  options.retry_limit_seconds = kRetrySeconds;
  if (!config.endpoint.empty()) {
    const size_t scheme = config.endpoint.find("://");
    options.scheme = scheme == std::string::npos ? "https" : config.endpoint.substr(0, scheme);
    options.endpoint_override =
        scheme == std::string::npos ? config.endpoint : config.endpoint.substr(scheme + 3);
  }
  const std::string name = "gs://" + config.bucket;
  try {
    auto files = arrow::fs::GcsFileSystem::Make(options);
    if (files.ok()) {
      return std::unique_ptr<ObjectStore>(
          std::make_unique<ArrowReadStore>(*std::move(files), config.bucket, name));
    }
  } catch (const std::exception&) {
    // What it says may quote the key.
  }
  return ConfigError("{}: the service account's key can't be used", name);
}

}  // namespace millrace
