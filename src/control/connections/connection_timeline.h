#pragma once

#include "control/connections/connection_service.h"

namespace millrace {

/// What a connection's timeline says about a change: CONNECTION_ENABLED, CONNECTION_DISABLED,
/// CONNECTION_SETTINGS_UPDATE, SCHEMA_CONFIG_UPDATE; nothing when nothing has changed. Within the
/// transaction that changes it. A schema change that Millrace applies itself is told by who does.
Status TellConnectionChanged(SqlTransaction& transaction, const Connection& before,
                             const Connection& after, const ChangeReason& reason);

}  // namespace millrace
