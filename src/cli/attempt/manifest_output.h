#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <string>

#include "cli/attempt/protocol_output.h"
#include "declarative/streams/record_output.h"

namespace millrace {

/// The records of a manifest's streams as messages of the Airbyte Protocol, field by field as the
/// API gave them: for whoever runs the connector that way. Thread-safe.
class ManifestOutput final : public RecordOutput {
 public:
  explicit ManifestOutput(ProtocolOutput& output) : output_(output) {}

  Status Started(const DeclarativeStream& stream) override;
  Status Records(const DeclarativeStream& stream, std::span<DeclarativeRecord> records) override;
  Status State(const DeclarativeStream& stream, const PyValue& state) override;
  Status Failed(const DeclarativeStream& stream, const Error& error) override;
  Status Ended(const DeclarativeStream& stream, bool complete) override;
  Status Missing(const std::string& stream) override;
  /// RUNNING, because it was told to slow down.
  void RateLimited(std::string_view stream);

 private:
  struct Counts {
    int64_t records = 0;  // altogether
    int64_t since_state = 0;
  };
  Status Tell(const std::string& stream, std::string_view status);

  ProtocolOutput& output_;
  std::mutex mutex_;
  std::map<std::string, Counts> counts_;  // guarded by mutex_
};

}  // namespace millrace
