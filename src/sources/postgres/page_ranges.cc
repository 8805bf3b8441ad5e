#include "sources/postgres/page_ranges.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "clients/postgres/sql_text.h"

namespace millrace {
namespace {

// 8 MB to 64 MB of table in a piece; at most about 64 pieces before they grow.
constexpr int64_t kPagesLeast = 1000;
constexpr int64_t kPagesMost = 8000;
constexpr int64_t kPiecesWanted = 64;

}  // namespace

std::string PageRange::Condition() const {
  std::string bounds = condition;
  const auto add = [&](const std::string& bound) {
    bounds += (bounds.empty() ? "" : " AND ") + bound;
  };
  if (after_ctid) add(fmt::format("ctid > {}::tid", QuoteLiteral(*after_ctid)));
  if (from_page) add(fmt::format("ctid >= '({},0)'::tid", *from_page));
  if (to_page) add(fmt::format("ctid < '({},0)'::tid", *to_page));
  return bounds;
}

std::vector<PageRange> PlanPageRanges(const PostgresTable& table,
                                      const std::optional<ResumePoint>& resume) {
  if (table.parts.empty()) return {{table.schema, table.name, {}, {}, {}, {}, {}}};
  int64_t pages = 0;
  for (const TablePart& part : table.parts) pages += part.pages;
  const int64_t step = std::clamp(pages / kPiecesWanted, kPagesLeast, kPagesMost);
  std::vector<PageRange> ranges;
  for (size_t i = resume ? resume->part : 0; i < table.parts.size(); ++i) {
    const TablePart& part = table.parts[i];
    const bool goes_on = resume && i == resume->part;
    int64_t from = goes_on ? resume->page : 0;
    PageRange next{part.schema, part.name, {}, {}, {}, {}, {}};
    if (goes_on) next.after_ctid = resume->ctid;
    // A last piece of less than half a step is not worth its own.
    while (part.pages - from >= step + step / 2) {
      from += step;
      next.to_page = from;
      ranges.push_back(next);
      next = {part.schema, part.name, from, {}, {}, {}, {}};
    }
    ranges.push_back(std::move(next));
  }
  return ranges;
}

Partition ToPartition(const StreamDescriptor& stream, const PageRange& range) {
  Json spec{{"schema", range.schema}, {"name", range.name}};
  std::string id = range.schema + "." + range.name;
  if (range.from_page || range.to_page) {
    id += fmt::format(":{}-{}", range.from_page.value_or(0),
                      range.to_page ? std::to_string(*range.to_page) : "");
  }
  if (range.after_ctid) {
    id += "after" + *range.after_ctid;
    spec["after_ctid"] = *range.after_ctid;
  }
  if (!range.condition.empty()) spec["condition"] = range.condition;
  if (range.from_page) spec["from_page"] = *range.from_page;
  if (range.to_page) spec["to_page"] = *range.to_page;
  if (range.cursor_max) spec["cursor_max"] = *range.cursor_max;
  return {stream, std::move(id), JsonValue(std::move(spec))};
}

Result<PageRange> PageRangeOf(const Partition& partition) {
  const Json& spec = *partition.spec;
  PageRange range;
  const auto text = [&](const char* key) {
    const auto found = spec.find(key);
    return found != spec.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  const auto page = [&](const char* key) -> std::optional<int64_t> {
    const auto found = spec.find(key);
    if (found == spec.end() || !found->is_number_integer()) return std::nullopt;
    return found->get<int64_t>();
  };
  if (!spec.is_object()) return SystemError("the partition {} has no specification", partition.id);
  range.schema = text("schema");
  range.name = text("name");
  if (range.name.empty()) return SystemError("the partition {} names no table", partition.id);
  range.from_page = page("from_page");
  range.to_page = page("to_page");
  if (spec.contains("after_ctid")) range.after_ctid = text("after_ctid");
  range.condition = text("condition");
  if (spec.contains("cursor_max")) range.cursor_max = text("cursor_max");
  return range;
}

}  // namespace millrace
