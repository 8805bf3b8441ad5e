#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "connector/source.h"
#include "declarative/records/record_columns.h"
#include "declarative/streams/record_output.h"

namespace millrace {

/// The records of a manifest's streams as rows of the configured catalog's schemas, for the
/// pipeline. A stream's batch grows to some megabytes unless a state comes first. Thread-safe; the
/// read hands in one call a stream at a time.
class ColumnOutput final : public RecordOutput {
 public:
  static constexpr int64_t kBatchBytes = 4 << 20;
  static constexpr int64_t kBatchRows = 16'384;

  /// Both outlive it. `keep_undeclared`: each stream's last column is kUndeclaredColumn.
  ColumnOutput(const ConfiguredCatalog& catalog, bool keep_undeclared, SourceOutput& output,
               const Clock& clock);
  ~ColumnOutput() override;

  Status Started(const DeclarativeStream& stream) override;
  Status Records(const DeclarativeStream& stream, std::span<DeclarativeRecord> records) override;
  Status State(const DeclarativeStream& stream, const PyValue& state) override;
  Status Failed(const DeclarativeStream& stream, const Error& error) override;
  Status Ended(const DeclarativeStream& stream, bool complete) override;
  Status Missing(const std::string& stream) override;

 private:
  struct Inlet;

  Status Deliver(Inlet& inlet);
  Inlet& Of(const DeclarativeStream& stream);

  SourceOutput& output_;
  const Clock& clock_;
  const bool keep_undeclared_;
  std::map<std::string, std::unique_ptr<Inlet>> inlets_;  // by stream; never changes
};

}  // namespace millrace
