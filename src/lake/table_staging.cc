#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/log.h"
#include "base/uuid.h"
#include "formats/parquet_types.h"
#include "lake/data_files.h"
#include "lake/table.h"
#include "lake/table_merge.h"

// What a table does in the deduplicating modes: changes are staged, then merged.

namespace millrace {
namespace {

int64_t Milliseconds(WallTime time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

}  // namespace

Result<std::unique_ptr<ObjectUpload>> Table::StartStaged() {
  // Not ".parquet": a reader who looks everywhere for that finds tables only.
  return store_.StartUpload(fmt::format("{}{}-{}.changes", staged_folder(),
                                        Milliseconds(context_.started_at), RandomUuid()));
}

Status Table::CommitStaged(CheckpointId checkpoint, const std::vector<FinishedFile>& files) {
  Manifest next = NextManifest();
  std::vector<FinishedFile> ordered = files;
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](const FinishedFile& a, const FinishedFile& b) { return a.lane < b.lane; });
  for (const FinishedFile& file : ordered) {
    // Hidden by its place, so it can be there before the manifest says so.
    if (!file.truncates) MR_RETURN_IF_ERROR(store_.Complete(file.upload));
    DataFile data{file.upload.key,       file.rows,      file.bytes,
                  stream_.generation_id, context_.epoch, checkpoint};
    next.staged.push_back({std::move(data), file.lane, file.truncates, stream_.replaces_table()});
  }
  next.staged_rules = rules_;
  newest_checkpoint_ = std::max(newest_checkpoint_, checkpoint);
  if (!stream_.keeps_commits()) {
    // No later attempt wants to know of it: it would read everything again.
    manifest_.staged = std::move(next.staged);
  } else {
    MR_RETURN_IF_ERROR(Store(std::move(next)));
  }
  std::lock_guard lock(mutex_);
  for (const FinishedFile& file : files) finished_.erase(file.upload.key);
  return Status::Ok();
}

std::vector<std::string> Table::TakeOutStaged(Manifest& next) const {
  const std::vector<StagedFile> taken = TakeOut(next.staged, [this](const StagedFile& staged) {
    return Withdrawn(staged.file) || (staged.replaces_table && !Continues(staged.file));
  });
  std::vector<std::string> keys;
  for (const StagedFile& staged : taken) {
    if (!staged.truncates) keys.push_back(staged.file.key);
  }
  return keys;
}

Status Table::RemoveLeftOvers(const std::vector<ObjectInfo>& found) {
  std::set<std::string> known;
  for (const StagedFile& staged : manifest_.staged) known.insert(staged.file.key);
  std::vector<std::string> left_over;
  for (const ObjectInfo& object : found) {
    // What is newer may belong to an attempt that is still at work.
    if (!known.contains(object.key) && object.last_modified < context_.started_at) {
      left_over.push_back(object.key);
    }
  }
  if (left_over.empty()) return Status::Ok();
  // Whoever put them there may live, and be about to store the manifest that names them: with ours
  // in that place, his can't be stored any more.
  MR_RETURN_IF_ERROR(Store(NextManifest()));
  return store_.Delete(left_over);
}

std::vector<DataFile> Table::TakeOutOldFiles(Manifest& next) const {
  // Files of the replacing generation are there already when an attempt before showed it, but
  // died before its last states were saved. What those states cover stays.
  return TakeOut(next.files, [this](const DataFile& file) {
    return stream_.replaces_table() ? !Continues(file)
                                    : file.generation < stream_.minimum_generation_id;
  });
}

bool Table::MergeIsDue() const {
  if (stream_.replaces_table() || manifest_.files.empty()) return true;
  const int64_t waited =
      Milliseconds(context_.clock == nullptr ? context_.started_at : context_.clock->WallNow()) -
      manifest_.merged_at_ms;
  // A clock that was set back is no reason to wait longer.
  return waited < 0 || waited >= context_.merge_interval.count();
}

Status Table::FinishMerged(StreamStatus status) {
  const bool complete = status == StreamStatus::kComplete;
  if (!complete && !stream_.keeps_commits()) {
    return Settle();  // what it staged is in no manifest: the next attempt removes it
  }
  if (!complete && stream_.replaces_table()) return Settle();
  Manifest next = NextManifest();
  std::vector<DataFile> removed;
  if (complete) removed = TakeOutOldFiles(next);
  const bool rekey = !next.files.empty() && (!next.rules || !next.rules->SameKey(*rules_));
  const bool merge = stream_.replaces_table() || rekey || (!next.staged.empty() && MergeIsDue());
  if (merge) MR_RETURN_IF_ERROR(Merge(*rules_, stream_.replaces_table(), next));
  for (std::string& key : KeysOf(removed)) next.removing.push_back(std::move(key));
  if (complete && next.files.empty()) {
    MR_RETURN_IF_ERROR(WriteEmptyFile(next));
    next.rules = rules_;
  }
  const bool news = !next.settled() || next.staged.size() != manifest_.staged.size();
  if (news) MR_RETURN_IF_ERROR(Store(std::move(next)));
  return Settle();
}

Status Table::Merge(const MergeRules& rules, bool replaces, Manifest& next) {
  bool opened = false;
  {
    std::lock_guard lock(mutex_);
    opened = schema_ != nullptr;
  }
  SchemaPtr schema;
  if (opened) {
    MR_ASSIGN_OR_RETURN(schema, ParquetSchemaOf(*FileSchema()));
  }
  const TableMerge merge{store_,
                         stream_,
                         format_,
                         dedup_,
                         rules,
                         std::move(schema),
                         replaces,
                         [this] { return StartFile(); },
                         [this](const PendingUpload& upload) { AddFinished({upload}); },
                         context_.abandon,
                         context_.lanes};
  DataFile as;
  as.generation = stream_.generation_id;
  as.epoch = context_.epoch;
  as.checkpoint = newest_checkpoint_;
  MR_ASSIGN_OR_RETURN(const MergeTotals totals, MergeStaged(merge, as, next));
  merge_totals_ += totals;
  next.merged_at_ms =
      Milliseconds(context_.clock == nullptr ? context_.started_at : context_.clock->WallNow());
  const Manifest parts = NextManifest();
  next.next_part = parts.next_part;  // new files took some
  std::lock_guard lock(mutex_);
  // From here on the manifest keeps them.
  for (const PendingUpload& upload : next.completing) finished_.erase(upload.key);
  return Status::Ok();
}

Status Table::MergeOldRules() {
  const bool waiting = std::any_of(manifest_.staged.begin(), manifest_.staged.end(),
                                   [](const StagedFile& staged) { return !staged.replaces_table; });
  const auto& rules = manifest_.staged_rules;
  if (!waiting || !rules || stream_.replaces_table()) return Status::Ok();
  if (rules_ && *rules_ == *rules) return Status::Ok();
  Manifest next = NextManifest();
  MR_RETURN_IF_ERROR(Merge(*rules, false, next));
  MR_RETURN_IF_ERROR(Store(std::move(next)));
  return Settle();
}

}  // namespace millrace
