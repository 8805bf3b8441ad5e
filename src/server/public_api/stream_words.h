#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace millrace {

// A connection's streams in the public API's words and in the config API's. Pure.

/// The catalog that `configurations` ({streams: [{name, namespace, syncMode, …}]}) makes of
/// `offered`, a config API catalog that has every stream: the streams named are selected, the
/// others not. None named: all of them, full refresh and overwrite. Config errors: a stream that
/// isn't offered, two of one name without a namespace, a mode that there is none of.
Result<Json> CatalogToConfig(const Json& configurations, const Json& offered);
/// {streams: […]} of those selected.
Json CatalogToPublic(const Json& catalog);

/// One stream of a discovered catalog, as GET /streams has it. `destination_modes`: see
/// PossibleModes.
Json StreamToPublic(const Json& stream, const std::vector<std::string>& destination_modes);

}  // namespace millrace
