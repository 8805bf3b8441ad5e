#pragma once

#include <memory>

#include "connector/destination.h"
#include "destinations/postgres/destination_connections.h"
#include "destinations/postgres/stream_target.h"

namespace millrace {

/// A lane of a stream: encodes its batches and copies them into the stream's staging table. Both
/// outlive the writer. Refuses (config error) a schema that can't be a table.
Result<std::unique_ptr<StreamWriter>> MakeStageWriter(StreamTarget& target,
                                                      DestinationConnections& connections,
                                                      MemoryBudget* memory, const SchemaPtr& schema,
                                                      int lane);

/// What Flush handed over, as the load takes it.
std::vector<StagedPiece> StagedPiecesOf(const StagedParts& parts);

}  // namespace millrace
