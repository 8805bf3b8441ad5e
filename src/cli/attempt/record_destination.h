#pragma once

#include <memory>

#include "cli/attempt/protocol_output.h"
#include "cli/attempt/stream_status_messages.h"
#include "connector/destination.h"

namespace millrace {

/// The destination of `connector NAME read`: rows become RECORD messages on standard output. What
/// was written counts as durable: keeping it is the reader's part of the protocol.
class RecordDestination : public Destination {
 public:
  /// Both outlive it.
  RecordDestination(ProtocolOutput& output, StreamStatusMessages& statuses)
      : output_(output), statuses_(statuses) {}

  Status Check() override { return Status::Ok(); }
  bool makes_metadata() const override { return true; }
  Result<std::unique_ptr<Load>> OpenLoad(const ConfiguredCatalog& catalog,
                                         const LoadContext& context,
                                         CommitListener& listener) override;

 private:
  ProtocolOutput& output_;
  StreamStatusMessages& statuses_;
};

}  // namespace millrace
