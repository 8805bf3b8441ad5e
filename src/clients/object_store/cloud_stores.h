#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "clients/object_store/object_store.h"

namespace millrace {

/// A Google Cloud Storage bucket.
struct GcsConfig {
  std::string bucket;
  /// A service account's key file, its content; empty: public buckets without signing in.
  std::string service_account_json;
  std::string endpoint;  ///< empty: Google's; "http://localhost:4443" for an emulator
};

/// A container of an Azure storage account.
struct AzureConfig {
  std::string account;
  std::string container;
  /// At most one of the two; none: public containers without signing in.
  std::string shared_key;
  std::string sas_token;
  std::string endpoint;  ///< empty: Azure's; "http://localhost:10000" for an emulator
};

/// Stores to read from, by Arrow's filesystems: List, Head, OpenReader and ReadRange. Whatever
/// writes is refused by name. A reader asks for 8 MiB at a time, each attempted at most
/// ArrowReadStore::kAttemptsMax times. Config errors: credentials that can't be any. Making a store
/// contacts nothing.
Result<std::unique_ptr<ObjectStore>> MakeGcsStore(const GcsConfig& config);
Result<std::unique_ptr<ObjectStore>> MakeAzureStore(const AzureConfig& config);

}  // namespace millrace
