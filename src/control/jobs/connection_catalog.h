#pragma once

#include "base/result.h"
#include "control/store/connections.h"
#include "protocol/catalog.h"

namespace millrace {

/// The catalog that an attempt of the connection works by, without generations: the selected
/// streams of its syncCatalog with their selected columns, and where each of them lands (namespace
/// rule, prefix). Config errors name the stream and what is wrong with it.
Result<ConfiguredCatalog> CatalogOfConnection(const Connection& connection);

}  // namespace millrace
