#include "lake/merge/merge_planner.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <parquet/metadata.h>

#include <algorithm>
#include <mutex>

#include "base/parallel_parts.h"
#include "lake/merge/conform.h"
#include "lake/merge/cursor_text.h"
#include "lake/merge/parquet_object.h"
#include "lake/merge/staged_columns.h"

namespace millrace {
namespace {

// Flags of an entry.
constexpr uint32_t kDeleted = 1;  ///< the change deletes, and the row goes
constexpr uint32_t kStale = 2;    ///< the stored row has a greater cursor

arrow::FieldVector FieldsOf(const arrow::Schema& schema, const std::vector<std::string>& names) {
  arrow::FieldVector fields;
  for (const std::string& name : names) {
    if (auto field = schema.GetFieldByName(name); field != nullptr) fields.push_back(field);
  }
  return fields;
}

}  // namespace

MergePlanner::MergePlanner(ObjectStore& store, const MergeRules& rules, const SchemaPtr& schema,
                           ChangeScan& changes, const std::vector<StoredFile>& files, int threads,
                           std::atomic<int64_t>* bytes_read)
    : store_(store),
      rules_(rules),
      schema_(schema),
      changes_(changes),
      files_(files),
      threads_(threads),
      bytes_read_(bytes_read),
      key_fields_(FieldsOf(*schema, rules.key)),
      bounds_(key_fields_),
      plan_of_(files.size(), -1) {
  columns_.insert(rules.key.begin(), rules.key.end());
  if (!rules.cursor.empty()) cursor_field_ = schema->GetFieldByName(rules.cursor);
  if (cursor_field_ != nullptr) columns_.insert(rules.cursor);
  if (rules.sets) {
    columns_.insert({kSetColumn, kEmptySetColumn});
  } else if (rules.hard_deletes) {
    columns_.insert(kDeletedAtColumn);
  }
  columns_.insert(kUnsentColumn);
}

Result<MergePlan> MergePlanner::Plan() {
  if (key_fields_.size() != rules_.key.size()) {
    return ConfigError("a column of the primary key is not among the table's columns");
  }
  partial_ = !rules_.sets && changes_.Has(kUnsentColumn);
  const auto rows = static_cast<size_t>(changes_.row_count());
  plan_.target.assign(rows, MergePlan::kVoid);
  if (partial_) {
    plan_.before.assign(rows, MergePlan::kStored);
    plan_.partial.assign(rows, false);
  }
  const int64_t per_pass = cursor_field_ != nullptr ? kKeysPerPassWithCursor : kKeysPerPass;
  passes_ =
      static_cast<uint64_t>(std::max<int64_t>(1, (changes_.row_count() + per_pass - 1) / per_pass));
  for (pass_ = 0; pass_ < passes_; ++pass_) {
    index_.Reset(rows / passes_ + rows / passes_ / 32 + 1);
    cursors_.clear();
    MR_RETURN_IF_ERROR(IndexChanges());
    set_targets_.assign(rules_.sets ? index_.entries().size() : 0, MergePlan::kNew);
    if (!rules_.sets) MarkRows();
    MR_RETURN_IF_ERROR(ProbeFiles());
    if (rules_.sets) MR_RETURN_IF_ERROR(MarkSets());
  }
  for (const uint16_t target : plan_.target) {
    if (target == MergePlan::kVoid) continue;
    ++plan_.kept_changes;
    if (target == MergePlan::kNew) {
      ++plan_.new_rows;
    } else {
      ++plan_.files[target - MergePlan::kFirstFile].added_rows;
    }
  }
  for (FilePlan& file : plan_.files) std::sort(file.completed.begin(), file.completed.end());
  return std::move(plan_);
}

Result<MergePlanner::Keys> MergePlanner::KeysOf(const arrow::RecordBatch& rows) const {
  Keys keys;
  for (const auto& field : key_fields_) {
    MR_ASSIGN_OR_RETURN(
        auto column, ConformColumn(rows.GetColumnByName(field->name()), *field, rows.num_rows()));
    keys.columns.push_back(std::move(column));
  }
  MR_ASSIGN_OR_RETURN(keys.hashes, hasher_.Hash(keys.columns, rows.num_rows()));
  if (cursor_field_ != nullptr) {
    MR_ASSIGN_OR_RETURN(keys.cursor, ConformColumn(rows.GetColumnByName(cursor_field_->name()),
                                                   *cursor_field_, rows.num_rows()));
  }
  if (rules_.sets) {
    keys.set = rows.GetColumnByName(kSetColumn);
    keys.empty = rows.GetColumnByName(kEmptySetColumn);
  } else {
    if (rules_.hard_deletes) keys.deleted = rows.GetColumnByName(kDeletedAtColumn);
    keys.unsent = rows.GetColumnByName(kUnsentColumn);
  }
  return keys;
}

bool MergePlanner::InPass(const KeyHash& hash) const {
  return passes_ == 1 || hash.high % passes_ == pass_;
}

Status MergePlanner::ScanChanges(
    const std::function<void(const Keys&, int64_t first_row, size_t file)>& sink) {
  set_number_ = 0;
  last_set_ = last_flush_ = -1;
  return changes_.ForEach(
      columns_, nullptr,
      [&](const arrow::RecordBatch& rows, int64_t first_row, size_t file) -> Status {
        MR_ASSIGN_OR_RETURN(const Keys keys, KeysOf(rows));
        sink(keys, first_row, file);
        return Status::Ok();
      });
}

Status MergePlanner::IndexChanges() {
  return ScanChanges([&](const Keys& keys, int64_t first_row, size_t file) {
    const auto rows = static_cast<int64_t>(keys.hashes.size());
    if (pass_ == 0) bounds_.Add(keys.columns, rows);
    for (int64_t i = 0; i < rows; ++i) {
      if (rules_.sets) {
        IndexSet(keys, i, file);
      } else if (InPass(keys.hashes[static_cast<size_t>(i)])) {
        IndexRow(keys, i, static_cast<uint32_t>(first_row + i));
      }
    }
  });
}

void MergePlanner::IndexRow(const Keys& keys, int64_t in_batch, uint32_t row) {
  bool fresh = false;
  KeyIndex::Entry& entry = index_.FindOrAdd(keys.hashes[static_cast<size_t>(in_batch)], fresh);
  if (cursor_field_ != nullptr) {
    std::string cursor = CursorText(*keys.cursor, in_batch);
    const size_t at = index_.PositionOf(entry);
    if (fresh) {
      cursors_.push_back(std::move(cursor));
    } else if (cursor < cursors_[at]) {
      return;  // it is older than what came before it
    } else {
      cursors_[at] = std::move(cursor);
    }
  }
  if (partial_) {
    plan_.partial[row] = keys.unsent != nullptr && keys.unsent->IsValid(in_batch);
    plan_.before[row] = fresh                           ? MergePlan::kStored
                        : (entry.extra & kDeleted) != 0 ? MergePlan::kNothing
                                                        : entry.row;
  }
  entry.row = row;
  entry.extra = keys.deleted != nullptr && keys.deleted->IsValid(in_batch) ? kDeleted : 0;
}

uint32_t MergePlanner::NumberSet(const Keys& keys, int64_t in_batch, size_t file) {
  // Rows of a table that is merged as changes are a set each: what the key's last row is, is all
  // that can be known of them.
  const int64_t flush = changes_.files()[file].flush;
  const int64_t set =
      keys.set == nullptr ? -1 : static_cast<const arrow::Int64Array&>(*keys.set).Value(in_batch);
  if (set != last_set_ || flush != last_flush_ || set_number_ == 0) ++set_number_;
  last_set_ = set;
  last_flush_ = flush;
  return set_number_;
}

void MergePlanner::IndexSet(const Keys& keys, int64_t in_batch, size_t file) {
  const uint32_t number = NumberSet(keys, in_batch, file);
  const KeyHash& hash = keys.hashes[static_cast<size_t>(in_batch)];
  if (!InPass(hash)) return;
  bool fresh = false;
  index_.FindOrAdd(hash, fresh).extra = number;
}

void MergePlanner::MarkRows() {
  for (const KeyIndex::Entry& entry : index_.entries()) {
    if ((entry.extra & kDeleted) == 0) plan_.target[entry.row] = MergePlan::kNew;
  }
}

Status MergePlanner::MarkSets() {
  return ScanChanges([&](const Keys& keys, int64_t first_row, size_t file) {
    const auto* empty = static_cast<const arrow::BooleanArray*>(keys.empty.get());
    for (size_t i = 0; i < keys.hashes.size(); ++i) {
      const auto in_batch = static_cast<int64_t>(i);
      const uint32_t number = NumberSet(keys, in_batch, file);
      if (!InPass(keys.hashes[i]) || (empty != nullptr && empty->Value(in_batch))) continue;
      const KeyIndex::Entry* entry = index_.Find(keys.hashes[i]);
      if (entry == nullptr || entry->extra != number) continue;
      plan_.target[static_cast<size_t>(first_row) + i] = set_targets_[index_.PositionOf(*entry)];
    }
  });
}

Status MergePlanner::ProbeFiles() {
  if (index_.entries().empty()) return Status::Ok();
  std::mutex mutex;  // over what Apply touches
  return TryEachPart(static_cast<int64_t>(files_.size()), threads_, [&](int64_t part) -> Status {
    const auto file = static_cast<size_t>(part);
    const auto hits = ProbeFile(file);
    if (!hits.ok()) {
      return hits.status().WithContext("looking for keys in " + files_[file].key);
    }
    std::lock_guard lock(mutex);
    return Apply(file, *hits);
  });
}

Result<MergePlanner::FileHits> MergePlanner::ProbeFile(size_t file) const {
  MR_ASSIGN_OR_RETURN(const auto reader, OpenParquetObject(store_, files_[file].key, bytes_read_));
  FileHits hits;
  for (int group = 0; group < reader->row_group_count(); ++group) {
    if (bounds_.MayHold(*reader, group)) {
      int64_t at = hits.rows;
      MR_RETURN_IF_ERROR(
          reader->ReadRowGroup(group, columns_, [&](const ChangeBatch& batch) -> Status {
            MR_ASSIGN_OR_RETURN(const Keys keys, KeysOf(*batch.rows));
            ProbeRows(keys, at, hits);
            at += batch.num_rows();
            return Status::Ok();
          }));
    }
    hits.rows += reader->metadata()->RowGroup(group)->num_rows();
  }
  return hits;
}

void MergePlanner::ProbeRows(const Keys& keys, int64_t first_row, FileHits& hits) const {
  for (size_t i = 0; i < keys.hashes.size(); ++i) {
    if (!InPass(keys.hashes[i])) continue;
    const KeyIndex::Entry* entry = index_.Find(keys.hashes[i]);
    if (entry == nullptr) continue;
    const size_t at = index_.PositionOf(*entry);
    const bool newer = cursor_field_ != nullptr &&
                       CursorText(*keys.cursor, static_cast<int64_t>(i)) > cursors_[at];
    (newer ? hits.newer : hits.replaced)
        .push_back({static_cast<uint32_t>(first_row) + static_cast<uint32_t>(i),
                    static_cast<uint32_t>(at)});
  }
}

Status MergePlanner::Apply(size_t file, const FileHits& hits) {
  for (const Hit& hit : hits.newer) {
    KeyIndex::Entry& entry = index_.entries()[hit.entry];
    entry.extra |= kStale;
    plan_.target[entry.row] = MergePlan::kVoid;
  }
  if (hits.replaced.empty()) return Status::Ok();
  MR_ASSIGN_OR_RETURN(const uint16_t target, PlanOf(file));
  FilePlan& plan = plan_.files[target - MergePlan::kFirstFile];
  plan.dropped.resize(static_cast<size_t>(hits.rows));
  for (const Hit& hit : hits.replaced) {
    const KeyIndex::Entry& entry = index_.entries()[hit.entry];
    if (!plan.dropped[hit.row]) ++plan.dropped_rows;
    plan.dropped[hit.row] = true;
    if (rules_.sets) {
      uint16_t& of_set = set_targets_[hit.entry];
      if (of_set == MergePlan::kNew) of_set = target;
      continue;
    }
    if ((entry.extra & (kDeleted | kStale)) != 0 || plan_.target[entry.row] != MergePlan::kNew) {
      continue;  // nothing is written; or a twin of the key has been found before
    }
    plan_.target[entry.row] = target;
    if (plan_.IsPartial(entry.row)) plan.completed.emplace_back(hit.row, entry.row);
  }
  return Status::Ok();
}

Result<uint16_t> MergePlanner::PlanOf(size_t file) {
  constexpr size_t kFilesMax = UINT16_MAX - MergePlan::kFirstFile;
  if (plan_of_[file] < 0) {
    if (plan_.files.size() == kFilesMax) {
      return SystemError("more than {} files would be replaced by one merge", kFilesMax);
    }
    plan_of_[file] = static_cast<int>(plan_.files.size());
    plan_.files.push_back({file, {}, 0, 0, {}});
  }
  return static_cast<uint16_t>(MergePlan::kFirstFile + plan_of_[file]);
}

}  // namespace millrace
