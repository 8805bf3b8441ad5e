#include "sources/postgres/xmin_state.h"

#include <nlohmann/json.hpp>

#include "sources/postgres/state_text.h"

namespace millrace {
namespace {

constexpr FullXid kEpoch = FullXid{1} << 32;

}  // namespace

Result<XidSnapshot> ReadXidSnapshot(PgConnection& connection, std::stop_token stop) {
  MR_ASSIGN_OR_RETURN(
      const PgRows rows,
      connection.Query("SELECT pg_catalog.txid_snapshot_xmin(s), pg_catalog.txid_snapshot_xmax(s) "
                       "FROM (SELECT pg_catalog.txid_current_snapshot()) AS now (s)",
                       {}, stop));
  return XidSnapshot{rows.Int(0, 0), rows.Int(0, 1)};
}

std::optional<std::string> ConditionSinceXid(FullXid saved, const XidSnapshot& now) {
  if (saved < 0 || saved > now.oldest_running || now.first_unseen - saved >= kEpoch) {
    return std::nullopt;
  }
  // Rows of transactions long ago carry any number: only those in between can be new.
  const FullXid from = saved % kEpoch;
  const FullXid to = now.first_unseen % kEpoch;
  const bool wrapped = now.first_unseen / kEpoch != saved / kEpoch;
  return fmt::format("(xmin::text::bigint >= {} {} xmin::text::bigint < {})", from,
                     wrapped ? "OR" : "AND", to);
}

std::optional<FullXid> XidOfState(const Json& state) {
  if (!state.is_object()) return std::nullopt;
  const std::string type = state.value("state_type", "");
  if (type != "xmin" && type != "xmin_based") return std::nullopt;
  // Version 3 puts it one level deeper.
  const auto nested = state.find("xmin");
  const Json& status = nested != state.end() && nested->is_object() ? *nested : state;
  if (nested != state.end() && nested->is_number_integer()) return nested->get<FullXid>();
  const auto number = [&](const char* key) -> std::optional<FullXid> {
    const auto found = status.find(key);
    if (found == status.end() || !found->is_number_integer()) return std::nullopt;
    return found->get<FullXid>();
  };
  if (const auto raw = number("xmin_raw_value")) return raw;
  const auto xid = number("xmin_xid_value");
  if (!xid) return std::nullopt;
  return number("num_wraparound").value_or(0) * kEpoch + *xid;
}

Json XminStateOf(FullXid xid) {
  return {{"version", kStateVersion},
          {"state_type", "xmin"},
          {"num_wraparound", xid / kEpoch},
          {"xmin_xid_value", xid % kEpoch},
          {"xmin_raw_value", xid}};
}

}  // namespace millrace
