#include "sources/faker/faker_source.h"

#include <arrow/record_batch.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <random>

#include "connector/read_in_turn.h"

namespace millrace {
namespace {

// Rows of a batch: small enough that many streams' batches fit in memory, large enough to be fast.
constexpr int64_t kBatchUnits = 8192;
// Below this a partition isn't worth its reader.
constexpr int64_t kPartitionUnits = 50'000;
constexpr int64_t kPartitionsMax = 4096;

uint64_t DrawSeed() {
  std::random_device device;
  return device() & 0x7fffffff;
}

// "2024-01-01T00:00:00.000000+00:00".
std::string TimeText(WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}+00:00",
                     static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

Result<std::optional<int64_t>> IntegerOf(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) return std::optional<int64_t>();
  if (!found->is_number_integer()) {
    return ConfigError("{} must be a whole number, not {}", name, found->dump());
  }
  return std::optional(found->get<int64_t>());
}

}  // namespace

struct FakerSource::Range {
  FakerRowRule rule;
  int64_t first = 0;
  int64_t end = 0;
};

FakerSource::FakerSource(const FakerConfig& config, const Clock& clock)
    : config_(config),
      clock_(clock),
      seed_(config.seed >= 0 ? static_cast<uint64_t>(config.seed) : DrawSeed()) {}

Status FakerSource::Check() { return Status::Ok(); }

Result<Catalog> FakerSource::Discover() {
  Catalog catalog;
  for (const FakerStream* stream :
       {&FakerStream::Users(), &FakerStream::Products(), &FakerStream::Purchases()}) {
    catalog.streams.push_back(stream->Describe());
  }
  return catalog;
}

FakerRowRule FakerSource::NewRule() const {
  FakerRowRule rule{seed_, std::nullopt};
  if (config_.always_updated) rule.updated_at = clock_.WallNow();
  return rule;
}

Json FakerSource::StateAt(const FakerStream& stream, const FakerRowRule& rule,
                          int64_t offset) const {
  return Json{{"seed", rule.seed},
              {"updated_at", TimeText(rule.UpdatedAt(offset))},
              {"loop_offset", offset},
              {"count", stream.NumUnits(config_.count)}};
}

/// Which units an incremental read delivers: the rest of an interrupted read; else all of them
/// when they are always updated, or those beyond what was delivered when they never are.
Result<FakerSource::Range> FakerSource::WhatIsLeft(const FakerStream& stream,
                                                   const Json* state) const {
  Range range{NewRule(), 0, stream.NumUnits(config_.count)};
  if (state == nullptr || !state->is_object()) return range;
  const std::string context = fmt::format("state of {}", stream.name());
  const auto offset = IntegerOf(*state, "loop_offset");
  if (!offset.ok()) return offset.status().WithContext(context);
  const auto count = IntegerOf(*state, "count");
  if (!count.ok()) return count.status().WithContext(context);
  const auto seed = IntegerOf(*state, "seed");
  if (!seed.ok()) return seed.status().WithContext(context);

  const bool delivered = state->contains("updated_at");
  const int64_t done = (*offset).value_or(delivered ? range.end : 0);
  const bool interrupted = *count && done < **count;
  if (config_.always_updated && !interrupted) return range;
  range.first = std::clamp<int64_t>(done, 0, range.end);
  // The rest belongs to what is there already, so it comes from the same seed.
  if (config_.seed < 0 && *seed && **seed >= 0) range.rule.seed = static_cast<uint64_t>(**seed);
  return range;
}

Status FakerSource::EmitRange(const FakerStream& stream, const Range& range, SourceOutput& output,
                              std::stop_token stop, bool checkpoints) const {
  const StreamDescriptor descriptor{std::string(stream.name()), std::nullopt};
  const int64_t slice = checkpoints ? config_.records_per_slice : range.end - range.first;
  int64_t slice_end = range.first + slice;
  for (int64_t at = range.first; at < range.end;) {
    if (stop.stop_requested()) return Status::Canceled();
    const int64_t units = std::min({kBatchUnits, range.end - at, slice_end - at});
    MR_ASSIGN_OR_RETURN(auto rows, stream.MakeRows(range.rule, at, units));
    at += units;
    if (rows->num_rows() > 0) {
      ChangeBatch batch;
      batch.rows = std::move(rows);
      MR_RETURN_IF_ERROR(output.Emit(descriptor, std::move(batch), Deadline::Never()));
    }
    if (at < slice_end) continue;
    slice_end += slice;
    // The last checkpoint follows the loop, also for a stream without a row.
    if (checkpoints && at < range.end) {
      MR_RETURN_IF_ERROR(
          output.Checkpoint(StateMessage::OfStream(descriptor, StateAt(stream, range.rule, at))));
    }
  }
  return Status::Ok();
}

Status FakerSource::ReadStream(const ConfiguredStream& configured, const State& resume_from,
                               SourceOutput& output, std::stop_token stop) const {
  const StreamDescriptor& descriptor = configured.descriptor();
  const FakerStream* stream = FakerStream::Find(descriptor.name);
  if (stream == nullptr || descriptor.name_space) {
    return ConfigError("source-faker has no stream {}; it has users, products and purchases",
                       descriptor.ToString());
  }
  const bool incremental = configured.sync_mode == SyncMode::kIncremental;
  MR_ASSIGN_OR_RETURN(const Range range,
                      WhatIsLeft(*stream, incremental ? resume_from.Find(descriptor) : nullptr));
  MR_RETURN_IF_ERROR(output.Open(descriptor, stream->schema()));
  const int64_t rows = range.end - range.first;
  output.ReportEstimate(descriptor, rows, rows * stream->row_bytes());
  MR_RETURN_IF_ERROR(EmitRange(*stream, range, output, stop, incremental));
  return output.Checkpoint(
      StateMessage::OfStream(descriptor, StateAt(*stream, range.rule, range.end)));
}

Status FakerSource::Read(const ConfiguredCatalog& catalog, const State& resume_from,
                         SourceOutput& output, std::stop_token stop) {
  return ReadInTurn(catalog, output, [&](const ConfiguredStream& stream) {
    return ReadStream(stream, resume_from, output, stop);
  });
}

Result<std::vector<Partition>> FakerSource::Split(const ConfiguredStream& configured,
                                                  const State& resume_from) {
  (void)resume_from;
  std::vector<Partition> partitions;
  const FakerStream* stream = FakerStream::Find(configured.descriptor().name);
  if (stream == nullptr || configured.sync_mode != SyncMode::kFullRefresh) return partitions;
  const int64_t end = stream->NumUnits(config_.count);
  // Several for each worker, so that none idles for long at the end.
  const int64_t wanted = std::min(
      {(end + kPartitionUnits - 1) / kPartitionUnits, config_.parallelism * 4, kPartitionsMax});
  if (wanted < 2) return partitions;
  const FakerRowRule rule = NewRule();
  const int64_t size = (end + wanted - 1) / wanted;
  for (int64_t first = 0; first < end; first += size) {
    Json spec{{"seed", rule.seed}, {"first", first}, {"end", std::min(first + size, end)}};
    if (rule.updated_at) spec["updated_at_us"] = rule.updated_at->time_since_epoch().count();
    partitions.push_back(
        {configured.descriptor(), fmt::format("{}-{}", first, size), std::move(spec)});
  }
  return partitions;
}

Status FakerSource::ReadPartition(const ConfiguredStream& configured, const Partition& partition,
                                  SourceOutput& output, std::stop_token stop) {
  const FakerStream* stream = FakerStream::Find(configured.descriptor().name);
  const Json& spec = *partition.spec;
  MR_ASSIGN_OR_RETURN(const auto seed, IntegerOf(spec, "seed"));
  MR_ASSIGN_OR_RETURN(const auto first, IntegerOf(spec, "first"));
  MR_ASSIGN_OR_RETURN(const auto end, IntegerOf(spec, "end"));
  MR_ASSIGN_OR_RETURN(const auto updated_at, IntegerOf(spec, "updated_at_us"));
  if (stream == nullptr || !seed || !first || !end || *first < 0 || *first > *end) {
    return SystemError("source-faker: no such partition of {}: {}",
                       configured.descriptor().ToString(), spec.dump());
  }
  Range range{{static_cast<uint64_t>(*seed), std::nullopt}, *first, *end};
  if (updated_at) range.rule.updated_at = WallTime(std::chrono::microseconds(*updated_at));
  MR_RETURN_IF_ERROR(output.Open(configured.descriptor(), stream->schema()));
  return EmitRange(*stream, range, output, stop, false);
}

Result<StateMessage> FakerSource::StateAfter(const ConfiguredStream& configured,
                                             const std::vector<std::string>& done) {
  (void)done;
  const FakerStream* stream = FakerStream::Find(configured.descriptor().name);
  if (stream == nullptr) {
    return SystemError("source-faker has no stream {}", configured.descriptor().ToString());
  }
  return StateMessage::OfStream(configured.descriptor(),
                                StateAt(*stream, NewRule(), stream->NumUnits(config_.count)));
}

Result<std::unique_ptr<Source>> MakeFakerSource(const Json& config) {
  MR_ASSIGN_OR_RETURN(const FakerConfig parsed, FakerConfig::Parse(config));
  return std::unique_ptr<Source>(std::make_unique<FakerSource>(parsed, Clock::System()));
}

}  // namespace millrace
