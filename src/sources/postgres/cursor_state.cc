#include "sources/postgres/cursor_state.h"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "sources/postgres/state_text.h"

namespace millrace {
namespace {

constexpr const char* kStateType = "cursor_based";
constexpr const char* kHashesKey = "row_hashes";
constexpr const char* kColumnsKey = "columns";

/// A cursor is text, but numbers are understood as well; null: none.
std::optional<std::string> CursorOf(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number()) return value.dump();
  return std::nullopt;
}

/// The name and value of the cursor, in either generation's shape.
void ReadCursor(const Json& json, CursorState* state) {
  const auto field = json.find("cursor_field");
  if (field != json.end() && field->is_array() && !field->empty() && field->front().is_string()) {
    state->cursor_field = field->front().get<std::string>();
  }
  if (const auto cursor = json.find("cursor"); cursor != json.end()) {
    state->cursor = CursorOf(*cursor);
  }
  const auto cursors = json.find("cursors");
  if (cursors != json.end() && cursors->is_object() && cursors->size() == 1) {
    state->cursor_field = cursors->begin().key();
    state->cursor = CursorOf(cursors->begin().value());
  }
}

void ReadRowHashes(const Json& json, CursorState* state) {
  const auto own = json.find(kOwnStateKey);
  if (own == json.end() || !own->is_object()) return;
  const auto hashes = own->find(kHashesKey);
  if (hashes == own->end() || !hashes->is_array()) return;
  state->has_row_hashes = true;
  for (const Json& column : own->value(kColumnsKey, Json::array())) {
    if (column.is_string()) state->hashed_columns.push_back(column.get<std::string>());
  }
  for (const Json& hash : *hashes) {
    if (!hash.is_string()) continue;
    const std::string text = hash.get<std::string>();
    uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value, 16);
    state->row_hashes.push_back(value);
  }
}

/// One stream of the state that Airbyte wrote before there were states of streams.
const Json* FindLegacy(const State& state, const StreamDescriptor& stream) {
  if (!state.legacy()) return nullptr;
  const Json& legacy = **state.legacy();
  if (!legacy.is_object() || !legacy.contains("streams") || !legacy["streams"].is_array()) {
    return nullptr;
  }
  for (const Json& candidate : legacy["streams"]) {
    if (candidate.is_object() && StateText(candidate, "stream_name") == stream.name &&
        StateText(candidate, "stream_namespace") == stream.name_space.value_or("")) {
      return &candidate;
    }
  }
  return nullptr;
}

}  // namespace

std::optional<CursorState> FindCursorState(const State& state, const StreamDescriptor& stream,
                                           const std::string& cursor_field) {
  const Json* json = state.Find(stream);
  if (json == nullptr) json = FindLegacy(state, stream);
  return json == nullptr ? std::nullopt : CursorStateOf(*json, stream, cursor_field);
}

std::optional<CursorState> CursorStateOf(const Json& json, const StreamDescriptor& stream,
                                         const std::string& cursor_field) {
  if (!json.is_object() || json.empty()) return std::nullopt;
  if (json.contains("__ab_no_cursor_state_message")) return std::nullopt;
  const std::string type = StateText(json, "state_type");
  if (type == "ctid" || type == "ctid_based") return std::nullopt;  // a first read under way
  if (!type.empty() && type != kStateType) {
    Log(LogLevel::kWarn, "{}: the saved state is of the type {}: the stream is read from its start",
        stream.ToString(), type);
    return std::nullopt;
  }
  CursorState saved;
  ReadCursor(json, &saved);
  if (!saved.cursor) return std::nullopt;
  if (saved.cursor_field != cursor_field) {
    Log(LogLevel::kWarn,
        "{}: the saved state is of the cursor \"{}\", not \"{}\": the stream is read from its "
        "start",
        stream.ToString(), saved.cursor_field, cursor_field);
    return std::nullopt;
  }
  const auto count = json.find("cursor_record_count");
  if (count != json.end() && count->is_number_integer()) saved.record_count = *count;
  ReadRowHashes(json, &saved);
  return saved;
}

StateMessage ToStateMessage(const StreamDescriptor& stream, const CursorState& state) {
  return StateMessage::OfStream(stream, ToJson(stream, state));
}

Json ToJson(const StreamDescriptor& stream, const CursorState& state) {
  Json json{{"state_type", kStateType},
            {"version", kStateVersion},
            {"stream_name", stream.name},
            {"stream_namespace", stream.name_space.value_or("")},
            {"cursor_field", Json::array({state.cursor_field})},
            {"cursor", state.cursor ? Json(*state.cursor) : Json()},
            {"cursor_record_count", state.record_count}};
  if (state.has_row_hashes) {
    Json hashes = Json::array();
    for (const uint64_t hash : state.row_hashes) hashes.push_back(fmt::format("{:016x}", hash));
    json[kOwnStateKey] = Json{{kHashesKey, std::move(hashes)}};
    if (!state.hashed_columns.empty()) json[kOwnStateKey][kColumnsKey] = state.hashed_columns;
  }
  return json;
}

}  // namespace millrace
