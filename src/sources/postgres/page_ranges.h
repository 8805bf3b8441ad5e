#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "connector/source.h"
#include "sources/postgres/table.h"

namespace millrace {

/// One piece of a table's snapshot: pages [from, to) of the table or of one of its leaves; all of
/// it when there is no bound. A plain value; travels as Partition::spec.
struct PageRange {
  std::string schema;
  std::string name;
  std::optional<int64_t> from_page;
  std::optional<int64_t> to_page;
  /// Of an incremental stream's first sync: rows with a greater cursor (or none) are left out.
  std::optional<std::string> cursor_max;

  /// "ctid >= … AND ctid < …"; empty when it is all of the table.
  std::string Condition() const;
};

/// Cuts a table into pieces of about equal size, large enough that starting one costs nothing, and
/// so many that threads end together. The last of a table has no upper bound: the table may have
/// grown since its pages were counted. At least one.
std::vector<PageRange> PlanPageRanges(const PostgresTable& table);

Partition ToPartition(const StreamDescriptor& stream, const PageRange& range);
/// System error when it was not made by ToPartition.
Result<PageRange> PageRangeOf(const Partition& partition);

}  // namespace millrace
