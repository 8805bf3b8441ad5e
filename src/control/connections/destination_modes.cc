#include "control/connections/destination_modes.h"

#include <nlohmann/json.hpp>

#include "control/schema/sync_catalog.h"

namespace millrace {

std::vector<std::string> DestinationModesOf(const Catalogue& catalogue,
                                            const std::string& definition_id) {
  for (const CatalogueEntry& entry : catalogue.entries()) {
    if (entry.definition_id != definition_id) continue;
    const auto spec = BuiltinSpec(entry.name);
    return spec.ok() ? FieldPathOf(FieldOf(*spec, "supported_destination_sync_modes"))
                     : std::vector<std::string>();
  }
  return {};
}

}  // namespace millrace
