#pragma once

#include <arrow/type_fwd.h>

#include <vector>

#include "base/result.h"
#include "destinations/postgres/existing_table.h"
#include "destinations/postgres/merge_sql.h"
#include "protocol/catalog.h"

namespace millrace {

/// The columns that a stream's table has for this schema, in its order. A config error when there
/// are more than PostgreSQL holds.
Result<std::vector<TargetColumn>> TableColumnsOf(const arrow::Schema& schema);

/// The same for a stream that the source never opened: what the catalog declares.
Result<std::vector<TargetColumn>> DeclaredColumns(const ConfiguredStream& stream);

/// The columns of raw tables (disable_type_dedupe).
std::vector<TargetColumn> RawTableColumns();

/// How the stream's rows become one per key, in the names that `columns` (of `schema`) have. A
/// config error when there is no key, or a column that it names is missing.
Result<MergeRule> MergeRuleOf(const ConfiguredStream& stream, const arrow::Schema& schema,
                              const std::vector<TargetColumn>& columns, bool hard_delete);

}  // namespace millrace
