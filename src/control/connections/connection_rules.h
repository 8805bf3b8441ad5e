#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "base/status.h"
#include "control/schema/catalog_rules.h"
#include "control/store/connections.h"

namespace millrace {

/// Puts the fields of ConnectionCreate or ConnectionUpdate that are in `body` into the connection:
/// name, status and document; nulls reset. Fields that are not there stay; those that a connection
/// must have and has not yet get Airbyte's defaults. Ends, tags and times are the caller's. Config
/// errors name the field; nothing of the connection may be used then. Pure.
Status ApplyConnectionFields(const CatalogKnowledge& known, const Json& body,
                             Connection* connection);

/// What a change of these fields looks like in the timeline: {"name": {"from", "to"}}; {} when
/// nothing of what people set has changed. The catalog is none of them.
Json SettingsPatches(const Connection& before, const Connection& after);

}  // namespace millrace
