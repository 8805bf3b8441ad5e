#pragma once

#include <arrow/type_fwd.h>

#include <vector>

#include "base/result.h"
#include "protocol/catalog.h"

namespace millrace {

/// What to do about a selected field that the stream does not have.
enum class MissingFields {
  kRefuse,  ///< the first schema of a stream: a config error that names it and what may be meant
  kWarn,    ///< a later one: the source dropped the column; go on without it
};

/// The columns of `schema` to keep, by index, in the source's order: those of selected_fields (all
/// when it is empty), and always the _ab_cdc_ columns, without which a delete would look like an
/// update.
Result<std::vector<int>> SelectColumns(const ConfiguredStream& stream, const arrow::Schema& schema,
                                       MissingFields missing);

}  // namespace millrace
