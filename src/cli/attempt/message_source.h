#pragma once

#include <memory>

#include "base/byte_reader.h"
#include "connector/source.h"

namespace millrace {

/// The source of `connector NAME write`: protocol messages, a line each, from whoever runs the
/// destination. RECORD becomes rows of its stream's schema (the catalog's), STATE a checkpoint,
/// STREAM_STATUS a status; other messages are passed over. When no status came at all, the end of
/// the input completes every stream, as older platforms expect.
class MessageSource : public Source {
 public:
  explicit MessageSource(std::unique_ptr<ByteReader> input) : input_(std::move(input)) {}

  Status Check() override { return Status::Ok(); }
  /// A system error: what comes is known from the configured catalog only.
  Result<Catalog> Discover() override;
  /// Reads to the end of the input. A config error names the line that is no message.
  Status Read(const ConfiguredCatalog& catalog, const State& resume_from, SourceOutput& output,
              std::stop_token stop) override;

 private:
  std::unique_ptr<ByteReader> input_;
};

}  // namespace millrace
