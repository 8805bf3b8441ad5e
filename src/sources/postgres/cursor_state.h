#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/stream_descriptor.h"
#include "protocol/state.h"

namespace millrace {

/// How far an incremental stream has come: Airbyte's cursor-based state, and our own addition, the
/// hashes of the rows at the cursor's value that were delivered. A plain value.
struct CursorState {
  /// More of them are not remembered: those rows come again, and are counted.
  static constexpr size_t kRowHashesMax = 131'072;

  std::string cursor_field;
  /// The value as text that the server reads back; absent while the table had no row.
  std::optional<std::string> cursor;
  /// Rows at the cursor's value.
  int64_t record_count = 0;
  std::vector<uint64_t> row_hashes;
  /// What the hashes are made over: see HashedColumns. Empty in older states.
  std::vector<std::string> hashed_columns;
  /// False: Airbyte's own, which says only how many rows there were.
  bool has_row_hashes = false;
};

/// The cursor that a state of this kind holds; nullopt when it is none, or of another field.
std::optional<CursorState> CursorStateOf(const Json& json, const StreamDescriptor& stream,
                                         const std::string& cursor_field);
Json ToJson(const StreamDescriptor& stream, const CursorState& state);

/// The saved cursor of `stream`; nullopt when there is none to go on from (no state yet, one of a
/// full refresh, of another method, of another cursor field: the last two are logged).
std::optional<CursorState> FindCursorState(const State& state, const StreamDescriptor& stream,
                                           const std::string& cursor_field);

StateMessage ToStateMessage(const StreamDescriptor& stream, const CursorState& state);

}  // namespace millrace
