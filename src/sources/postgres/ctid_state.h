#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/stream_descriptor.h"
#include "protocol/json_field.h"
#include "protocol/state.h"
#include "sources/postgres/table.h"

namespace millrace {

/// How far the first read of a table has come, in the order of its pages: Airbyte's ctid state,
/// read in its versions 2 and 3, written in version 2. A plain value.
struct CtidState {
  /// "(page,row)": everything up to there has been read.
  std::string ctid;
  /// Of a partitioned table: the leaf that `ctid` is of; all leaves before it have been read.
  int64_t part = 0;
  /// The files that were read, leaf by leaf. A table that was rewritten since has others.
  std::vector<int64_t> filenodes;
  /// What becomes the stream's state when all pages have been read; empty in a full refresh.
  JsonValue incremental_state;

  /// The page of `ctid`; nullopt when it is none.
  std::optional<int64_t> page() const;
  /// Whether the table still consists of the files that the state is about.
  bool IsOf(const PostgresTable& table) const;
};

/// Nullopt: the stream's state is none of this kind.
std::optional<CtidState> FindCtidState(const State& state, const StreamDescriptor& stream);

StateMessage ToStateMessage(const StreamDescriptor& stream, const CtidState& state);

std::vector<int64_t> FilenodesOf(const PostgresTable& table);

}  // namespace millrace
