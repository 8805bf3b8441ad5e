#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "attempt/config_change.h"
#include "server/config_api/api_reply.h"
#include "server/config_api/services.h"

namespace millrace {

/// What a process of the connector builder is started with.
struct BuilderTask {
  std::string_view name;     ///< resolve_manifest, full_resolve_manifest, read_stream
  JsonValue manifest;        ///< an object, or the text of a YAML file
  JsonValue testing_values;  ///< an object, its references resolved; {} without any
  JsonValue request;         ///< see TakeBuilderRequest; {} is the usual one
  KeepConfig keep_config;    ///< keeps what the manifest changes in the values; empty: nobody does
};

/// Tries out manifests that somebody is still writing, each in a process of its own, bounded in
/// time, memory and number: whatever a manifest does, the server goes on. Thread-safe; copies share
/// the bound.
class BuilderProbe {
 public:
  static constexpr int kAtOnceMax = 8;

  explicit BuilderProbe(const Services& services)
      : services_(services), running_(std::make_shared<std::atomic<int>>(0)) {}

  /// `refused`: what to answer instead: 422 with what is wrong with the manifest and where, 503
  /// when there are too many at once.
  struct Answer {
    std::optional<ApiReply> refused;
    JsonValue result;
  };
  Answer Run(BuilderTask task) const;

 private:
  Services services_;
  std::shared_ptr<std::atomic<int>> running_;
};

}  // namespace millrace
