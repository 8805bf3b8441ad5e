#include "sources/postgres/ctid_state.h"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "protocol/no_cursor_state.h"
#include "sources/postgres/state_text.h"

namespace millrace {
namespace {

std::vector<int64_t> NumbersIn(const Json& json, const char* key) {
  std::vector<int64_t> numbers;
  for (const Json& number : json.value(key, Json::array())) {
    if (number.is_number_integer()) numbers.push_back(number.get<int64_t>());
  }
  return numbers;
}

/// Version 3 keeps what version 2 has in incremental_state beside the ctid.
Json IncrementalStateOf(const Json& json) {
  const auto nested = json.find("incremental_state");
  if (nested != json.end() && nested->is_object() && !nested->empty()) return *nested;
  const auto cursors = json.find("cursors");
  if (cursors != json.end() && cursors->is_object() && !cursors->empty()) {
    return {{"state_type", "cursor_based"}, {"cursors", *cursors}};
  }
  const auto xmin = json.find("xmin");
  if (xmin != json.end() && !xmin->is_null()) {
    return {{"state_type", "xmin_based"}, {"xmin", *xmin}};
  }
  return {};
}

}  // namespace

std::optional<int64_t> CtidState::page() const {
  int64_t page = 0;
  unsigned row = 0;
  const char* const end = ctid.data() + ctid.size();
  if (ctid.size() < 5 || ctid.front() != '(' || ctid.back() != ')') return std::nullopt;
  const auto comma = std::from_chars(ctid.data() + 1, end, page);
  if (comma.ec != std::errc() || *comma.ptr != ',' || page < 0) return std::nullopt;
  const auto close = std::from_chars(comma.ptr + 1, end, row);
  if (close.ec != std::errc() || close.ptr != end - 1 || row > 65535) return std::nullopt;
  return page;
}

bool CtidState::IsOf(const PostgresTable& table) const {
  return page() && part >= 0 && part < static_cast<int64_t>(table.parts.size()) &&
         filenodes == FilenodesOf(table);
}

bool CtidState::HasAllRowsOf(const PostgresTable& table) const {
  return changes.empty() || changes == ChangesOf(table);
}

std::vector<int64_t> ChangesOf(const PostgresTable& table) {
  std::vector<int64_t> changes;
  for (const TablePart& part : table.parts) {
    changes.push_back(part.changes);
    changes.push_back(part.version);
  }
  return changes;
}

std::vector<int64_t> FilenodesOf(const PostgresTable& table) {
  std::vector<int64_t> filenodes;
  for (const TablePart& part : table.parts) filenodes.push_back(part.filenode);
  return filenodes;
}

std::optional<CtidState> FindCtidState(const State& state, const StreamDescriptor& stream) {
  const Json* const json = state.Find(stream);
  if (json == nullptr || !json->is_object()) return std::nullopt;
  const std::string type = StateText(*json, "state_type");
  if (type != "ctid" && type != "ctid_based") return std::nullopt;
  CtidState found;
  found.ctid = StateText(*json, "ctid");
  if (found.ctid.empty()) return std::nullopt;  // version 3: it has been read
  found.incremental_state = IncrementalStateOf(*json);
  const auto filenode = json->find("relation_filenode");
  if (filenode != json->end() && filenode->is_number_integer()) {
    found.filenodes.push_back(filenode->get<int64_t>());
  }
  const auto own = json->find(kOwnStateKey);
  if (own == json->end() || !own->is_object()) return found;
  if (own->contains("filenodes")) found.filenodes = NumbersIn(*own, "filenodes");
  found.changes = NumbersIn(*own, "changes");
  const auto part = own->find("part");
  if (part != own->end() && part->is_number_integer()) found.part = part->get<int64_t>();
  return found;
}

StateMessage ReadStateOf(const PostgresTable& table) {
  Json json{{kNoCursorKey, true}};
  if (table.HasPages()) {
    json[kOwnStateKey] = Json{{"filenodes", FilenodesOf(table)}, {"changes", ChangesOf(table)}};
  }
  return StateMessage::OfStream(table.descriptor(), std::move(json));
}

std::optional<CtidState> FindReadState(const State& state, const StreamDescriptor& stream) {
  const Json* const json = state.Find(stream);
  if (json == nullptr || !SaysRead(*json)) return std::nullopt;
  CtidState found;
  found.ctid = "(0,0)";
  const auto own = json->find(kOwnStateKey);
  if (own == json->end() || !own->is_object()) return found;
  found.filenodes = NumbersIn(*own, "filenodes");
  found.changes = NumbersIn(*own, "changes");
  return found;
}

StateMessage ToStateMessage(const StreamDescriptor& stream, const CtidState& state) {
  Json json{{"version", kStateVersion}, {"state_type", "ctid"}, {"ctid", state.ctid}};
  if (!state.incremental_state->empty()) json["incremental_state"] = *state.incremental_state;
  if (state.filenodes.size() == 1) {
    json["relation_filenode"] = state.filenodes.front();
  } else {
    json[kOwnStateKey] = Json{{"part", state.part}, {"filenodes", state.filenodes}};
  }
  if (!state.changes.empty()) json[kOwnStateKey]["changes"] = state.changes;
  return StateMessage::OfStream(stream, std::move(json));
}

}  // namespace millrace
