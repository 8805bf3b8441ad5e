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
  /// Of a full refresh: TablePart::changes and version, leaf by leaf, when the first of its
  /// attempts began. Empty: not known.
  std::vector<int64_t> changes;
  /// What becomes the stream's state when all pages have been read; empty in a full refresh.
  JsonValue incremental_state;

  /// The page of `ctid`; nullopt when it is none.
  std::optional<int64_t> page() const;
  /// Whether the table still consists of the files that the state is about.
  bool IsOf(const PostgresTable& table) const;
  /// Whether no row was updated or deleted and no column added since, as far as is known: such a
  /// row may have moved from pages that were read to pages that were not, or the other way.
  bool HasAllRowsOf(const PostgresTable& table) const;
};

/// Nullopt: the stream's state is none of this kind.
std::optional<CtidState> FindCtidState(const State& state, const StreamDescriptor& stream);

StateMessage ToStateMessage(const StreamDescriptor& stream, const CtidState& state);

/// What a full refresh leaves behind when all of the table has been read: Airbyte's word for a
/// stream without a cursor, and, as our own addition, which files were read.
StateMessage ReadStateOf(const PostgresTable& table);
/// Nullopt: the stream's state is none of this kind. Its ctid is the table's begin.
std::optional<CtidState> FindReadState(const State& state, const StreamDescriptor& stream);

std::vector<int64_t> FilenodesOf(const PostgresTable& table);
std::vector<int64_t> ChangesOf(const PostgresTable& table);

}  // namespace millrace
