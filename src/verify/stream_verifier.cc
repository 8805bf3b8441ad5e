#include "verify/stream_verifier.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "formats/value_text.h"

namespace millrace {
namespace {

TableMeaning MeaningOf(const ConfiguredStream& stream) {
  if (stream.destination_sync_mode != DestinationSyncMode::kAppend) return TableMeaning::kMirror;
  return stream.sync_mode == SyncMode::kIncremental ? TableMeaning::kHistory
                                                    : TableMeaning::kCopies;
}

std::string PlaceText(int64_t place, ValueKind kind) {
  std::string text;
  if (kind == ValueKind::kDate) {
    AppendDate(place, text);
  } else if (kind == ValueKind::kTimestamp) {
    AppendTimestamp(place, arrow::TimeUnit::MICRO, false, text);
  } else {
    text = std::to_string(place);
  }
  return text;
}

}  // namespace

StreamVerifier::StreamVerifier(RowPasses::SourceMaker make_source, ReadableDestination& destination,
                               const ConfiguredStream& stream,
                               std::optional<std::string> saved_cursor, std::stop_token stop)
    : stream_(stream),
      saved_cursor_(saved_cursor),
      passes_(std::move(make_source), destination, stream, std::move(saved_cursor),
              std::move(stop)) {}

Result<StreamVerdict> StreamVerifier::Run() {
  verdict_.stream = stream_.descriptor();
  verdict_.destination = stream_.destination;
  verdict_.meaning = MeaningOf(stream_);
  verdict_.incremental = stream_.sync_mode == SyncMode::kIncremental;
  const Status compared = Compare();
  if (compared.canceled()) return compared;
  if (!compared.ok()) verdict_.error = compared.error();
  return std::move(verdict_);
}

Status StreamVerifier::Compare() {
  MR_RETURN_IF_ERROR(SumUp());
  CompareSums();
  if (!different_.empty()) {
    MR_RETURN_IF_ERROR(MatchBuckets());
    MR_RETURN_IF_ERROR(Look());
  }
  if (verdict_.meaning == TableMeaning::kMirror && !verdict_.same()) CompareRanges();
  AddNotes();
  return Status::Ok();
}

Status StreamVerifier::SumUp() {
  std::vector<std::unique_ptr<Checksums>> sums(static_cast<size_t>(RowPasses::lanes()));
  const auto on_plan = [&] {
    for (auto& lane : sums) lane = std::make_unique<Checksums>(passes_.plan());
  };
  MR_RETURN_IF_ERROR(passes_.ReadSource(
      on_plan, [&](int lane, const arrow::RecordBatch&, const RowDigests& digests, size_t row) {
        sums[static_cast<size_t>(lane)]->Add(digests, row);
      }));
  source_.emplace(passes_.plan());
  for (const auto& lane : sums) source_->Merge(*lane);
  destination_.emplace(passes_.plan());
  MR_RETURN_IF_ERROR(
      passes_.ReadDestination(false, [&](int, const arrow::RecordBatch&, const RowDigests& digests,
                                         size_t row) { destination_->Add(digests, row); }));
  verdict_.source_rows = source_->rows();
  verdict_.destination_rows = destination_->rows();
  verdict_.left_out = passes_.left_out();
  return Status::Ok();
}

void StreamVerifier::CompareSums() {
  const ComparePlan& plan = passes_.plan();
  for (const size_t part : plan.key) verdict_.key.push_back(plan.columns[part].name);
  for (const ComparedColumn& column : plan.columns) {
    verdict_.compared_columns.push_back(column.name);
  }
  if (plan.cursor) verdict_.cursor_field = plan.columns[*plan.cursor].name;
  if (plan.bound) verdict_.saved_cursor = saved_cursor_;
  for (size_t i = 0; i < kKeyBuckets; ++i) {
    if (source_->buckets()[i] != destination_->buckets()[i]) different_.push_back(i);
  }
  if (verdict_.meaning != TableMeaning::kMirror) return;
  for (size_t i = 0; i < plan.columns.size(); ++i) {
    if (source_->columns()[i] == destination_->columns()[i]) continue;
    verdict_.different_columns.push_back(plan.columns[i].name);
  }
}

void StreamVerifier::CompareRanges() {
  if (source_->ranges() == nullptr) return;
  RangeSums& here = *source_->ranges();
  RangeSums& there = *destination_->ranges();
  const int width = std::max(here.width_log2(), there.width_log2());
  here.Widen(width);
  there.Widen(width);
  auto source = here.Sorted();
  const auto destination = there.Sorted();
  for (const auto& [number, range] : destination) source.try_emplace(number);
  const ComparePlan& plan = passes_.plan();
  const ValueKind kind = plan.columns[plan.key.front()].kind;
  for (auto& [number, range] : source) {
    range.columns.resize(plan.columns.size());
    RangeSums::Range other{0, std::vector<uint64_t>(plan.columns.size())};
    if (const auto found = destination.find(number); found != destination.end()) {
      other = found->second;
    }
    if (range.rows == other.rows && range.columns == other.columns) continue;
    if (verdict_.ranges_different++ >= static_cast<int64_t>(kRowsShownMax)) continue;
    FaultyRange faulty;
    faulty.from = PlaceText(number * (int64_t{1} << width), kind);
    faulty.to = PlaceText((number + 1) * (int64_t{1} << width), kind);
    faulty.source_rows = range.rows;
    faulty.destination_rows = other.rows;
    for (size_t i = 0; i < plan.columns.size(); ++i) {
      if (range.columns[i] != other.columns[i]) faulty.columns.push_back(plan.columns[i].name);
    }
    verdict_.ranges.push_back(std::move(faulty));
  }
}

Status StreamVerifier::MatchBuckets() {
  size_t next = 0;
  for (int round = 0; next < different_.size(); ++round) {
    if (round == kRoundsMax) {
      verdict_.counts_complete = false;
      break;
    }
    std::vector<bool> buckets(kKeyBuckets);
    int64_t rows = 0;
    const size_t first = next;
    for (; next < different_.size(); ++next) {
      const size_t bucket = different_[next];
      const int64_t more =
          std::max(source_->buckets()[bucket].rows, destination_->buckets()[bucket].rows);
      if (next > first && rows + more > kMarksMax) break;
      rows += more;
      buckets[bucket] = true;
    }
    MR_RETURN_IF_ERROR(MatchRound(buckets));
  }
  if (verdict_.meaning == TableMeaning::kHistory && passes_.plan().key.empty()) {
    // Without a key an older version can't be told from a row that the source never had.
    verdict_.counts.older += std::exchange(verdict_.counts.extra, 0);
    samples_.extra.clear();
  }
  return Status::Ok();
}

Status StreamVerifier::MatchRound(const std::vector<bool>& buckets) {
  std::vector<std::vector<RowMark>> lanes(static_cast<size_t>(RowPasses::lanes()));
  std::vector<RowMark> destination;
  // A table of equal rows has one bucket: what goes beyond the bound is not counted.
  const auto mark = [&](std::vector<RowMark>* marks, const RowDigests& digests, size_t row) {
    if (!buckets[BucketOf(digests.key[row])]) return;
    if (marks->size() >= 2 * static_cast<size_t>(kMarksMax)) return;
    marks->push_back({digests.key[row], digests.row[row]});
  };
  MR_RETURN_IF_ERROR(passes_.ReadSource(
      [] {}, [&](int lane, const arrow::RecordBatch&, const RowDigests& digests,
                 size_t row) { mark(&lanes[static_cast<size_t>(lane)], digests, row); }));
  MR_RETURN_IF_ERROR(
      passes_.ReadDestination(false, [&](int, const arrow::RecordBatch&, const RowDigests& digests,
                                         size_t row) { mark(&destination, digests, row); }));
  std::vector<RowMark> source = std::move(lanes.front());
  for (size_t i = 1; i < lanes.size(); ++i) {
    source.insert(source.end(), lanes[i].begin(), lanes[i].end());
    lanes[i] = {};
  }
  MatchRows(verdict_.meaning, &source, &destination, kRowsShownMax, &verdict_.counts, &samples_);
  return Status::Ok();
}

Status StreamVerifier::Look() {
  RowSamples samples(passes_, samples_);
  if (samples.empty()) return Status::Ok();
  MR_RETURN_IF_ERROR(
      passes_.ReadSource([] {}, [&](int, const arrow::RecordBatch& rows, const RowDigests& digests,
                                    size_t row) { samples.AddSource(rows, digests, row); }));
  MR_RETURN_IF_ERROR(passes_.ReadDestination(
      true, [&](int, const arrow::RecordBatch& rows, const RowDigests& digests, size_t row) {
        samples.AddDestination(rows, digests, row);
      }));
  verdict_.rows = samples.Explain(kRowsShownMax);
  SetAsideNoted();
  return Status::Ok();
}

/// Values that the destination could not hold are null there, and it says so: no fault, where all
/// different rows could be looked at.
void StreamVerifier::SetAsideNoted() {
  const auto explained = [](const FaultyRow& row) {
    return !row.values.empty() &&
           std::all_of(row.values.begin(), row.values.end(),
                       [](const auto& value) { return !value.noted.empty(); });
  };
  const auto noted = std::count_if(verdict_.rows.begin(), verdict_.rows.end(), explained);
  if (noted == 0) return;
  if (verdict_.counts.different > static_cast<int64_t>(kRowsShownMax)) {
    verdict_.notes.push_back(
        fmt::format("{} of the rows shown differ only where _airbyte_meta notes a change", noted));
    return;
  }
  verdict_.counts.different -= noted;
  verdict_.counts.noted = noted;
  std::erase_if(verdict_.rows, explained);
  verdict_.notes.push_back(fmt::format(
      "{} rows differ where _airbyte_meta notes that a value could not be kept: no fault", noted));
}

void StreamVerifier::AddNotes() {
  auto& notes = verdict_.notes;
  const ComparePlan& plan = passes_.plan();
  if (verdict_.destination_rows > 0) {
    for (const std::string& column : passes_.MissingColumns()) {
      notes.push_back(fmt::format("the destination's table has no column {}", column));
    }
  }
  if (!different_.empty() && verdict_.same() && verdict_.counts.noted == 0 &&
      verdict_.meaning == TableMeaning::kMirror) {
    notes.push_back(
        "rows differed at the first reading and not at the second: the source was changing");
    verdict_.different_columns.clear();
  }
  if (verdict_.same()) return;
  if (!verdict_.incremental) {
    notes.push_back(
        "a full refresh has no cursor: what changed at the source since the last sync shows here "
        "too");
  } else if (!plan.bound) {
    notes.push_back(
        saved_cursor_ ? "the saved cursor has an order that only the source knows: what changed "
                        "at the source since the last sync shows here too"
                      : "no cursor is saved: what changed at the source since the last sync shows "
                        "here too");
  }
  if (verdict_.counts.extra > 0 && verdict_.incremental && !plan.key.empty()) {
    notes.push_back(
        "extra keys: most likely deleted at the source after they were copied; Standard "
        "replication can't see deletes. Use CDC, or sync once with --full-refresh");
  }
  if (plan.key.empty()) {
    notes.push_back(
        "there is no primary key: rows are compared as a whole, and a changed row shows as one "
        "missing and one extra");
  }
}

}  // namespace millrace
