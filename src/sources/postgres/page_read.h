#pragma once

#include <string>
#include <vector>

#include "protocol/json_field.h"
#include "sources/postgres/ctid_state.h"
#include "sources/postgres/page_ranges.h"
#include "sources/postgres/table.h"

namespace millrace {

/// One stream's read by ranges of pages during this sync. A plain value.
struct PageRead {
  std::vector<PageRange> ranges;  ///< in the order of parts and pages
  /// Where an earlier attempt got to; its pages are not read again.
  std::optional<CtidState> resumed;
  /// States on the way make sense: the pages can be told apart, and all rows are read.
  bool resumable = false;
  bool full_refresh = false;
  /// What the stream's state becomes at the end; empty until it is known, and in a full refresh.
  JsonValue final_state;

  /// The point of `resumed` in `table`.
  std::optional<ResumePoint> resume_point() const;
  /// The state after the first `done` ranges, fewer than all. Requires resumable.
  CtidState StateAfter(const PostgresTable& table, size_t done) const;
};

}  // namespace millrace
