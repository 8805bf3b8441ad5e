#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>

#include "base/result.h"
#include "declarative/records/schema_loader.h"
#include "declarative/records/schema_normalizer.h"

namespace millrace {

/// A stream's JSON schema, found out when it is first asked for and kept. Thread-safe; whoever asks
/// while another finds it out waits.
class StreamSchema {
 public:
  explicit StreamSchema(std::unique_ptr<SchemaLoader> loader) : loader_(std::move(loader)) {}

  Result<PyValue> Json(std::stop_token stop);
  /// Casts records to it. Lives as long as this.
  Result<const SchemaNormalizer*> Normalizer(std::stop_token stop);

 private:
  Result<PyValue> Load(std::stop_token stop);  // requires mutex_

  const std::unique_ptr<SchemaLoader> loader_;
  std::mutex mutex_;
  std::optional<PyValue> json_;                 // guarded by mutex_
  std::optional<SchemaNormalizer> normalizer_;  // guarded by mutex_; never changes once made
};

}  // namespace millrace
