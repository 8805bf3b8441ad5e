#pragma once

#include <string>
#include <vector>

#include "catalogue/catalogue.h"

namespace millrace {

/// The destinationSyncModes of a definition's connector, as its specification says; empty: that
/// isn't known.
std::vector<std::string> DestinationModesOf(const Catalogue& catalogue,
                                            const std::string& definition_id);

}  // namespace millrace
