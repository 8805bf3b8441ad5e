#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/connection_file.h"
#include "protocol/catalog.h"

namespace millrace {

/// What the connection file and the command line ask for, applied to what the source offers: the
/// catalog that an attempt works by, without generations (SyncCounters gives those). `only` are the
/// --stream arguments; empty: all. Config errors name stream or column, with the nearest ones:
/// unknown or ambiguous streams, modes and columns that don't exist, two streams that would land
/// in one table.
Result<ConfiguredCatalog> ConfigureCatalog(const ConnectionFile& file, const Catalog& discovered,
                                           const std::vector<std::string>& only);

}  // namespace millrace
