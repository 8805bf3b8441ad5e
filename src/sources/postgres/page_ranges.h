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
  /// Of a read that goes on: "(page,row)"; only what comes after it.
  std::optional<std::string> after_ctid;
  std::optional<int64_t> to_page;
  /// Of an incremental stream's first sync: rows with a greater cursor (or none) are left out.
  std::optional<std::string> cursor_max;
  /// A further condition, by transaction ids.
  std::string condition;

  /// "ctid >= … AND ctid < …"; empty when it is all of the table.
  std::string Condition() const;
};

/// Where a read of pages goes on: the rows of part `part` after `ctid`, and the parts after it.
struct ResumePoint {
  size_t part = 0;
  std::string ctid;
  int64_t page = 0;  ///< of ctid
};

/// Cuts a table into pieces of about equal size, large enough that starting one costs nothing, and
/// so many that threads end together. The last of a table has no upper bound: the table may have
/// grown since its pages were counted. At least one. In the order of parts and pages.
std::vector<PageRange> PlanPageRanges(const PostgresTable& table,
                                      const std::optional<ResumePoint>& resume = {});

Partition ToPartition(const StreamDescriptor& stream, const PageRange& range);
/// System error when it was not made by ToPartition.
Result<PageRange> PageRangeOf(const Partition& partition);

}  // namespace millrace
