#include "sources/postgres/page_ranges.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace millrace {
namespace {

// 8 MB to 64 MB of table in a piece; at most about 64 pieces before they grow.
constexpr int64_t kPagesLeast = 1000;
constexpr int64_t kPagesMost = 8000;
constexpr int64_t kPiecesWanted = 64;

}  // namespace

std::string PageRange::Condition() const {
  std::string condition;
  if (from_page) condition = fmt::format("ctid >= '({},0)'::tid", *from_page);
  if (to_page) {
    condition += fmt::format("{}ctid < '({},0)'::tid", condition.empty() ? "" : " AND ", *to_page);
  }
  return condition;
}

std::vector<PageRange> PlanPageRanges(const PostgresTable& table) {
  if (table.parts.empty()) return {{table.schema, table.name, {}, {}, {}}};
  int64_t pages = 0;
  for (const TablePart& part : table.parts) pages += part.pages;
  const int64_t step = std::clamp(pages / kPiecesWanted, kPagesLeast, kPagesMost);
  std::vector<PageRange> ranges;
  for (const TablePart& part : table.parts) {
    int64_t from = 0;
    // A last piece of less than half a step is not worth its own.
    while (part.pages - from >= step + step / 2) {
      ranges.push_back({part.schema, part.name, from, from + step, {}});
      from += step;
    }
    PageRange last{part.schema, part.name, {}, {}, {}};
    if (from > 0) last.from_page = from;
    ranges.push_back(std::move(last));
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
  if (spec.contains("cursor_max")) range.cursor_max = text("cursor_max");
  return range;
}

}  // namespace millrace
