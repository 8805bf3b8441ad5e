#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "clients/postgres/pg_connection.h"

namespace millrace {

/// Transaction ids of the whole life of the server: the epoch in the upper, what rows carry in the
/// lower 32 bits.
using FullXid = int64_t;

/// What a snapshot says about transactions.
struct XidSnapshot {
  /// The oldest that still ran: the next sync starts from here, so that what commits late is found.
  FullXid oldest_running = 0;
  /// The first that the snapshot can't see any row of.
  FullXid first_unseen = 0;
};
/// Of the transaction that the connection is in.
Result<XidSnapshot> ReadXidSnapshot(PgConnection& connection, std::stop_token stop);

/// The condition "written by a transaction from `saved` on" for the system column xmin, at the
/// snapshot. Nullopt: the 32 bits of a row don't tell (they have wrapped around since, or the
/// server is another one): everything is to be read.
std::optional<std::string> ConditionSinceXid(FullXid saved, const XidSnapshot& now);

/// Airbyte's xmin state: the id of its versions 2 and 3. Nullopt: a state of another kind.
std::optional<FullXid> XidOfState(const Json& state);
Json XminStateOf(FullXid xid);

}  // namespace millrace
