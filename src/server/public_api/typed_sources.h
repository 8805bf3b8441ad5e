#pragma once

#include <string>
#include <string_view>

#include "catalogue/catalogue.h"

namespace millrace {

/// "postgres" of "source-postgres": how the public API calls a connector.
std::string TypeNameOf(const CatalogueEntry& entry);

/// Whether Airbyte's SDKs have a model of their own for this connector's configuration. They choose
/// it by the configuration's sourceType, so it must stand there; with a type that they don't know
/// they fail, so for other sources it must not. Of destinations all are typed.
bool HasTypedModel(const CatalogueEntry& entry);

}  // namespace millrace
