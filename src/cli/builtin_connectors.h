#pragma once

#include <string_view>
#include <vector>

#include "connector/connector_entry.h"

namespace millrace {

/// Every connector that is built in. Its specification is the catalogue's, by name.
const std::vector<ConnectorEntry>& BuiltinConnectors();

/// Null when there is none of that name.
const ConnectorEntry* FindBuiltinConnector(std::string_view name);

}  // namespace millrace
