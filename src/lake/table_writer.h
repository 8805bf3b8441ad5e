#pragma once

#include <memory>

#include "connector/destination.h"
#include "lake/table.h"

namespace millrace {

/// One lane of a table: turns batches into files that roll at a target size, when the schema
/// changes, and when a number column becomes text. `table` outlives it.
std::unique_ptr<StreamWriter> MakeTableWriter(Table& table, const SchemaPtr& schema, int lane);

/// What StagedParts.parts holds, for the load that commits it.
std::vector<FinishedFile> FinishedFilesOf(const StagedParts& parts);

}  // namespace millrace
