#pragma once

#include <memory>
#include <string>
#include <vector>

#include "clients/postgres/pg_options.h"
#include "connector/readable_destination.h"
#include "destinations/postgres/table_name.h"

namespace millrace {

/// The rows of a table of the destination, in Arrow's types for its columns (TYPES.md, read from
/// right to left). A config error when there is no such table or column.
Result<std::unique_ptr<TableScan>> ScanTable(const PgOptions& options, const TableName& table,
                                             const std::vector<std::string>& columns);

}  // namespace millrace
