#pragma once

#include "protocol/json_field.h"

namespace millrace {

/// What was set for one end of a connection, as it is stored: null where nothing was.
struct EndResources {
  JsonValue actor;       ///< the source's or destination's resourceAllocation
  JsonValue definition;  ///< its connector's resourceRequirements
};

}  // namespace millrace
