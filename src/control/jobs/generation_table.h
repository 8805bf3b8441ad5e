#pragma once

#include <string>

#include "attempt/stream_generations.h"
#include "base/result.h"
#include "control/store/sql_database.h"

namespace millrace {

// A connection's generations in the metadata database, within the caller's transaction.

Result<StreamGenerations> LoadGenerations(SqlTransaction& transaction,
                                          const std::string& connection_id);
/// Replaces what is there of the same streams.
Status SaveGenerations(SqlTransaction& transaction, const std::string& connection_id,
                       const StreamGenerations& generations);
/// The stream's table is finished.
Status CompleteGeneration(SqlTransaction& transaction, const std::string& connection_id,
                          const StreamDescriptor& stream);

}  // namespace millrace
