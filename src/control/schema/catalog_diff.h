#pragma once

#include <set>

#include "base/json.h"
#include "base/stream_descriptor.h"

namespace millrace {

/// What has changed at the source, in Airbyte's CatalogDiff: {"transforms": [{"transformType",
/// "streamDescriptor", "updateStream"}]}. `configured` is a connection's syncCatalog, `offered`
/// what the source has now, in the same form. A stream that is offered and not configured is new
/// unless it is one of `known`: the ones that were there when the connection's owner chose.
///
/// Breaking are, of selected streams: a column that is gone and was the cursor of an incremental
/// sync or part of the key, and another key of the source in a mode that deduplicates. Pure.
Json DiffCatalogs(const Json& configured, const Json& offered,
                  const std::set<StreamDescriptor>& known);

bool IsEmptyDiff(const Json& diff);
/// Whether something in it is breaking.
bool IsBreakingDiff(const Json& diff);

}  // namespace millrace
