#pragma once

#include <cstdint>
#include <string>

#include "attempt/config_change.h"
#include "base/clock.h"
#include "catalogue/catalogue.h"
#include "control/secrets/secret_box.h"
#include "control/store/sql_database.h"

namespace millrace {

/// Stores what the connector of a source or destination changed in its configuration (a rotated
/// token), sealed: whoever starts it next uses that. The fields that it changed only, in what is
/// stored now; not held against the specification, because the connector knows what it needs.
/// False: there is no such source or destination any more. Within the caller's transaction.
Result<bool> StoreChangedConfiguration(SqlTransaction& transaction, const SecretBox& box,
                                       const std::string& actor_id, const ConfigChange& change,
                                       int64_t now);

/// The same in a transaction of its own, for a check or a discovery of one that is stored. The
/// references outlive it.
KeepConfig StoreKeeps(SqlDatabase& database, const SecretBox& box, const Clock& clock,
                      const std::string& actor_id);

}  // namespace millrace
