#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace millrace {

/// What must happen after this SQLSTATE: wrong credentials, names and privileges are the user's to
/// mend; lost connections, conflicts and full servers are worth a retry. See the table in the .cc.
FailureType FailureTypeOfSqlState(std::string_view sql_state);

/// A server's error (or libpq's, with an empty `sql_state`) as a Status: the first line of its
/// message for the person, the whole of it and the SQLSTATE as internal detail. An error without a
/// SQLSTATE is a lost connection: transient.
Status PgErrorStatus(std::string_view sql_state, std::string_view primary,
                     std::string_view detail = "");

/// Why a connection could not be made, from libpq's text with SQLSTATEs in it
/// (PQERRORS_VERBOSE). `where` names the server.
Status PgConnectError(std::string_view where, std::string_view libpq_text);

/// The SQLSTATE that PgErrorStatus put into a failure; empty when there is none.
std::string SqlStateOf(const Status& status);

}  // namespace millrace
