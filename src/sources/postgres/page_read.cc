#include "sources/postgres/page_read.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace millrace {

std::optional<ResumePoint> PageRead::resume_point() const {
  if (!resumed) return std::nullopt;
  return ResumePoint{static_cast<size_t>(resumed->part), resumed->ctid,
                     resumed->page().value_or(0)};
}

CtidState PageRead::StateAfter(const PostgresTable& table, size_t done) const {
  CtidState state;
  state.filenodes = FilenodesOf(table);
  if (full_refresh) state.changes = ChangesOf(table);
  state.incremental_state = final_state;
  if (done == 0) {
    state.ctid = resumed ? resumed->ctid : "(0,0)";
    state.part = resumed ? resumed->part : 0;
    return state;
  }
  const PageRange& last = ranges[done - 1];
  while (table.parts[static_cast<size_t>(state.part)].schema != last.schema ||
         table.parts[static_cast<size_t>(state.part)].name != last.name) {
    ++state.part;
  }
  if (last.to_page) {
    state.ctid = fmt::format("({},65535)", *last.to_page - 1);
  } else {
    ++state.part;  // there is one, or these would be all ranges
    state.ctid = "(0,0)";
  }
  return state;
}

}  // namespace millrace
