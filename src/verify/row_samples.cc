#include "verify/row_samples.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace millrace {
namespace {

constexpr size_t kRowsOfKeyMax = 8;
/// A value in a report is cut to this; what differs is in view.
constexpr size_t kTextMax = 120;
/// Of a value no more than this is kept for finding where two differ.
constexpr size_t kKeptMax = 64 << 10;

/// A part of `text` from `from` on, at a character's begin.
std::string Cut(const std::string& text, size_t from) {
  if (text.size() <= kTextMax) return text;
  from = from > 40 ? from - 40 : 0;
  size_t end = std::min(from + kTextMax, text.size());
  const auto inside = [&](size_t at) {
    return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;
  };
  while (inside(from)) ++from;
  while (inside(end)) ++end;
  return fmt::format("{}{}{} ({} bytes)", from > 0 ? "…" : "", text.substr(from, end - from),
                     end < text.size() ? "…" : "", text.size());
}

size_t FirstDifference(const std::string& a, const std::string& b) {
  size_t at = 0;
  while (at < a.size() && at < b.size() && a[at] == b[at]) ++at;
  return at;
}

/// "NULLED, DESTINATION_FIELD_SIZE_LIMITATION": what the row's meta column says of a field, by its
/// name at either end.
std::string NotedChange(const std::string& meta, const ComparedColumn& column) {
  const Json json = Json::parse(meta, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("changes") || !json["changes"].is_array()) return "";
  for (const Json& change : json["changes"]) {
    if (!change.is_object()) continue;
    const Json field = change.value("field", Json());
    if (field != Json(column.name) && field != Json(column.destination_name)) continue;
    const Json what = change.value("change", Json()), why = change.value("reason", Json());
    if (!what.is_string() || !why.is_string()) continue;
    return what.get<std::string>() + ", " + why.get<std::string>();
  }
  return "";
}

}  // namespace

RowSamples::RowSamples(const RowPasses& passes, MatchSamples samples)
    : passes_(passes), samples_(std::move(samples)) {
  for (const auto* keys :
       {&samples_.missing, &samples_.different, &samples_.extra, &samples_.doubled}) {
    for (const uint64_t key : *keys) wanted_[key];
  }
}

RowSamples::Row RowSamples::MakeRow(const arrow::RecordBatch& rows, const RowDigests& digests,
                                    size_t row, RowDigester::Side side) const {
  const ComparePlan& plan = passes_.plan();
  const RowDigester digester(plan, side);
  Row made;
  made.hash = digests.row[row];
  for (size_t i = 0; i < plan.columns.size(); ++i) {
    made.columns.push_back(digests.columns[i][row]);
    const auto column = digester.ColumnOf(rows, i);
    const auto at = static_cast<int64_t>(row);
    made.texts.push_back(column == nullptr ? "(no such column)" : ValueTextOf(*column, at));
    if (made.texts.back().size() > kKeptMax) made.texts.back().resize(kKeptMax);
    if (plan.cursor == i && column != nullptr) {
      made.cursor = OrderOf(*column, at, plan.columns[i].kind).value_or(0);
    }
  }
  if (side == RowDigester::Side::kSource) return made;
  const auto meta = rows.GetColumnByName("_airbyte_meta");
  if (meta != nullptr) made.meta = ValueTextOf(*meta, static_cast<int64_t>(row));
  return made;
}

void RowSamples::AddSource(const arrow::RecordBatch& rows, const RowDigests& digests, size_t row) {
  const auto found = wanted_.find(digests.key[row]);
  if (found == wanted_.end()) return;
  std::lock_guard lock(mutex_);
  auto& kept = found->second.source;
  if (kept.size() < kRowsOfKeyMax) {
    kept.push_back(MakeRow(rows, digests, row, RowDigester::Side::kSource));
  }
}

void RowSamples::AddDestination(const arrow::RecordBatch& rows, const RowDigests& digests,
                                size_t row) {
  const auto found = wanted_.find(digests.key[row]);
  if (found == wanted_.end()) return;
  Row made = MakeRow(rows, digests, row, RowDigester::Side::kDestination);
  std::lock_guard lock(mutex_);
  auto& kept = found->second.destination;
  // The newest versions.
  const auto place = std::find_if(kept.begin(), kept.end(),
                                  [&](const Row& other) { return other.cursor < made.cursor; });
  kept.insert(place, std::move(made));
  if (kept.size() > kRowsOfKeyMax) kept.pop_back();
}

FaultyRow RowSamples::Describe(const char* fault, const Row& row) const {
  const ComparePlan& plan = passes_.plan();
  FaultyRow described{fault, {}, {}};
  for (const size_t part : plan.key) {
    described.key.emplace_back(plan.columns[part].name, Cut(row.texts[part], 0));
  }
  // A row without a key is all its values; the first ones tell it apart for a person.
  constexpr size_t kShownMax = 12;
  for (size_t i = 0; plan.key.empty() && i < std::min(plan.columns.size(), kShownMax); ++i) {
    described.key.emplace_back(plan.columns[i].name, Cut(row.texts[i], 0));
  }
  return described;
}

void RowSamples::ExplainDifference(const Rows& rows, std::vector<FaultyRow>* out) const {
  const auto holds = [](const std::vector<Row>& side, uint64_t hash) {
    return std::any_of(side.begin(), side.end(), [&](const Row& row) { return row.hash == hash; });
  };
  const auto here = std::find_if(rows.source.begin(), rows.source.end(), [&](const Row& row) {
    return !holds(rows.destination, row.hash);
  });
  const auto there = std::find_if(rows.destination.begin(), rows.destination.end(),
                                  [&](const Row& row) { return !holds(rows.source, row.hash); });
  if (here == rows.source.end() || there == rows.destination.end()) return;
  FaultyRow described = Describe("different", *here);
  for (size_t i = 0; i < here->columns.size(); ++i) {
    if (here->columns[i] == there->columns[i]) continue;
    const std::string& name = passes_.plan().columns[i].name;
    const size_t at = FirstDifference(here->texts[i], there->texts[i]);
    described.values.push_back({name, Cut(here->texts[i], at), Cut(there->texts[i], at),
                                NotedChange(there->meta, passes_.plan().columns[i])});
  }
  out->push_back(std::move(described));
}

std::vector<FaultyRow> RowSamples::Explain(size_t rows_max) const {
  std::vector<FaultyRow> out;
  const auto each = [&](const std::vector<uint64_t>& keys, const auto& explain) {
    for (const uint64_t key : keys) {
      if (out.size() < rows_max) explain(wanted_.at(key));
    }
  };
  each(samples_.different, [&](const Rows& rows) { ExplainDifference(rows, &out); });
  each(samples_.missing, [&](const Rows& rows) {
    if (!rows.source.empty()) out.push_back(Describe("missing", rows.source.front()));
  });
  each(samples_.extra, [&](const Rows& rows) {
    if (!rows.destination.empty()) out.push_back(Describe("extra", rows.destination.front()));
  });
  each(samples_.doubled, [&](const Rows& rows) {
    if (rows.destination.size() > 1) out.push_back(Describe("doubled", rows.destination.front()));
  });
  return out;
}

}  // namespace millrace
