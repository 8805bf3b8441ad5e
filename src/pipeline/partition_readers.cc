#include "pipeline/partition_readers.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "connector/resumable_source.h"
#include "pipeline/partition_output.h"

namespace millrace {

PartitionReaders::PartitionReaders(PartitionedSource& source, SyncContext& context,
                                   const State& resume_from)
    : source_(source), context_(context), resume_from_(resume_from) {}

Result<std::vector<SyncedStream*>> PartitionReaders::Run(
    const std::vector<SyncedStream*>& streams) {
  MR_ASSIGN_OR_RETURN(auto rest, SplitAll(streams));
  size_t partitions = 0;
  for (const Table& table : tables_) partitions += table.partitions.size();
  const int wanted = context_.options.partition_readers;
  const size_t readers = std::min(partitions, static_cast<size_t>(wanted));
  {
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < readers; ++i) threads.emplace_back([this] { ReadLoop(); });
  }
  tables_.clear();
  if (context_.read_stop.stop_requested()) return Status::Canceled();
  return rest;
}

Result<std::vector<SyncedStream*>> PartitionReaders::SplitAll(
    const std::vector<SyncedStream*>& streams) {
  std::vector<SyncedStream*> rest;
  std::vector<Table> tables;
  for (SyncedStream* stream : streams) {
    if (context_.read_stop.stop_requested()) return Status::Canceled();
    auto partitions = source_.Split(stream->configured(), resume_from_);
    if (!partitions.ok()) {
      const Status why = partitions.status();
      if (!why.failed() || !why.error().stream) return why;
      stream->SetIncomplete(why);
    } else if (partitions->empty()) {
      rest.push_back(stream);
    } else {
      tables.push_back({stream, *std::move(partitions)});
      auto* const resumable = dynamic_cast<ResumableSource*>(&source_);
      if (resumable != nullptr && stream->configured().keeps_commits()) {
        tables.back().interval = resumable->CheckpointInterval(stream->configured());
      }
      tables.back().last_checkpoint = context_.options.clock->Now();
    }
  }
  // Who has the most partitions takes longest: it must not start last.
  std::stable_sort(tables.begin(), tables.end(), [](const Table& a, const Table& b) {
    return a.partitions.size() > b.partitions.size();
  });
  tables_.assign(std::make_move_iterator(tables.begin()), std::make_move_iterator(tables.end()));
  return rest;
}

void PartitionReaders::ReadLoop() {
  int lane_number = 0;
  const Partition* partition = nullptr;
  while (Table* table = ClaimTable(&lane_number, &partition)) {
    ReadTable(*table, lane_number, partition);
  }
}

PartitionReaders::Table* PartitionReaders::ClaimTable(int* lane_number,
                                                      const Partition** partition) {
  std::unique_lock lock(mutex_);
  while (!context_.read_stop.stop_requested()) {
    bool wait = false;
    for (Table& table : tables_) {
      const bool open = table.next < table.partitions.size() && !table.stream->stopped();
      if (!open || table.active >= LanesMax()) continue;
      if (table.pausing) {
        wait = true;
        continue;
      }
      ++table.active;
      *lane_number = table.lanes_opened++;
      *partition = &table.partitions[table.next++];
      return &table;
    }
    if (!wait) return nullptr;
    // Ends with that checkpoint, or with the stream; looked at again, should both be missed.
    rested_.wait_for(lock, context_.read_stop.get_token(), std::chrono::milliseconds(100),
                     [] { return false; });
  }
  return nullptr;
}

const Partition* PartitionReaders::ClaimPartition(Table& table) {
  std::lock_guard lock(mutex_);
  const bool open = table.next < table.partitions.size() && !table.stream->stopped() &&
                    !context_.read_stop.stop_requested();
  return open ? &table.partitions[table.next++] : nullptr;
}

void PartitionReaders::ReadTable(Table& table, int lane_number, const Partition* partition) {
  table.stream->SetRunning(StreamStatus::kStarted);
  Lane lane(context_, *table.stream, lane_number);
  bool going = true;
  for (; going && partition != nullptr; partition = ClaimPartition(table)) {
    going = ReadOne(table, *partition, lane) && RestIfDue(table, lane);
    if (!going) break;
  }
  Leave(table, lane, !going);
}

bool PartitionReaders::ReadOne(Table& table, const Partition& partition, Lane& lane) {
  SyncedStream& stream = *table.stream;
  PartitionOutput output(context_, stream, lane);
  Status status =
      source_.ReadPartition(stream.configured(), partition, output, context_.read_stop.get_token());
  if (stream.stopped()) return false;
  if (!status.ok() && context_.read_stop.stop_requested()) return false;
  if (status.ok() && !lane.is_open()) {
    status = SystemError("the source read a partition of {} without opening the stream",
                         stream.descriptor().ToString());
  } else if (!status.ok() && !status.failed()) {
    status = SystemError("the source gave up a partition of {} ({}) though nothing stopped it",
                         stream.descriptor().ToString(), status.ToString());
  }
  if (!status.ok()) {
    stream.SetIncomplete(status);
    return false;
  }
  std::lock_guard lock(mutex_);
  ++table.done;
  return true;
}

bool PartitionReaders::FlushInto(Table& table, Lane& lane) {
  auto flushed = lane.Flush();
  if (!flushed.ok()) {
    table.stream->SetIncomplete(flushed.status());
    return false;
  }
  std::lock_guard lock(mutex_);
  table.rows.Add(*std::move(flushed));
  return true;
}

bool PartitionReaders::RestIfDue(Table& table, Lane& lane) {
  if (!table.interval) return true;
  {
    std::lock_guard lock(mutex_);
    const bool due = table.next < table.partitions.size() &&
                     context_.options.clock->Now() - table.last_checkpoint >= *table.interval;
    table.pausing = table.pausing || due;
    if (!table.pausing) return true;
  }
  if (!FlushInto(table, lane)) return false;
  std::unique_lock lock(mutex_);
  if (++table.resting < table.active) {
    // Each of the others comes to the end of its partition, or fails, or is stopped.
    const int64_t rest = table.rests;
    rested_.wait(lock, context_.read_stop.get_token(),
                 [&] { return table.rests != rest || table.stream->stopped(); });
    return table.rests != rest && !table.stream->stopped();
  }
  lock.unlock();
  CheckpointOnTheWay(table);
  return !table.stream->stopped() && !context_.read_stop.stop_requested();
}

void PartitionReaders::CheckpointOnTheWay(Table& table) {
  SyncedStream& stream = *table.stream;
  // All lanes rest, so nobody else touches the table. When the rest was handed out meanwhile, all
  // of it goes into the stream's end. A lane that failed has left with a partition that was handed
  // out and is not read: nothing may be said of it.
  if (table.next < table.partitions.size() && table.done == table.next && !stream.stopped()) {
    auto state = StateAfter(table, table.next);
    if (state.ok()) {
      ReadyCheckpoint ready;
      ready.state = *std::move(state);
      ready.Add(stream, std::exchange(table.rows, {}));
      context_.PostReady(std::move(ready));
    } else {
      stream.SetIncomplete(state.status());
    }
  }
  {
    std::lock_guard lock(mutex_);
    table.pausing = false;
    table.resting = 0;
    ++table.rests;
    table.last_checkpoint = context_.options.clock->Now();
  }
  rested_.notify_all();
}

void PartitionReaders::Leave(Table& table, Lane& lane, bool failed) {
  if (!failed && !table.stream->stopped() && !context_.abandon.stop_requested()) {
    FlushInto(table, lane);
  }
  lane.Close();
  bool last = false;
  bool all_rest = false;
  {
    std::lock_guard lock(mutex_);
    last = --table.active == 0 && table.done == table.partitions.size();
    all_rest = table.pausing && table.active > 0 && table.resting == table.active;
  }
  // The others wait for this one, which found nothing more to read, or failed.
  if (all_rest && !table.stream->stopped()) CheckpointOnTheWay(table);
  rested_.notify_all();
  if (last && !table.stream->stopped()) End(table);
}

Result<StateMessage> PartitionReaders::StateAfter(const Table& table, size_t count) {
  std::vector<std::string> first;
  for (size_t i = 0; i < count; ++i) first.push_back(table.partitions[i].id);
  const std::lock_guard lock(state_mutex_);
  return source_.StateAfter(table.stream->configured(), first);
}

void PartitionReaders::End(Table& table) {
  SyncedStream& stream = *table.stream;
  auto state = StateAfter(table, table.partitions.size());
  if (!state.ok()) return stream.SetIncomplete(state.status());
  ReadyCheckpoint ready;
  ready.state = *std::move(state);
  ready.Add(stream, std::move(table.rows));
  ready.ends.push_back(&stream);
  context_.PostReady(std::move(ready));
}

int PartitionReaders::LanesMax() const { return context_.options.writer_lanes; }

}  // namespace millrace
