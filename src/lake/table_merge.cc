#include "lake/table_merge.h"

#include <arrow/type.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/log.h"
#include "formats/parquet_types.h"
#include "lake/merge/key_hash.h"
#include "lake/merge/merge_changes.h"
#include "lake/merge/parquet_object.h"
#include "lake/merge/staged_columns.h"

namespace millrace {
namespace {

/// A merge that rewrites so many times the bytes that changed, and so many in all, is worth a word.
constexpr int64_t kRewriteFactor = 20;
constexpr int64_t kRewriteBytes = int64_t{256} << 20;

/// More would pass the memory that a sync may take.
constexpr int kThreadsMost = 2;

double Megabytes(int64_t bytes) { return static_cast<double>(bytes) / 1e6; }

/// The columns of changes that the table has, too.
Result<SchemaPtr> SchemaOfChanges(ObjectStore& store, const std::string& key) {
  MR_ASSIGN_OR_RETURN(const auto reader, OpenParquetObject(store, key, nullptr));
  arrow::FieldVector fields;
  for (const auto& field : reader->schema()->fields()) {
    const std::string& name = field->name();
    if (name != kUnsentColumn && name != kSetColumn && name != kEmptySetColumn) {
      fields.push_back(field);
    }
  }
  return ParquetSchemaOf(*arrow::schema(std::move(fields)));
}

/// The staged changes that take part, in arrival order, and whether a truncation voids the table.
struct Changes {
  std::vector<const StagedFile*> files;
  bool truncated = false;
};

Changes ChangesOf(const Manifest& manifest, bool replaces) {
  Changes changes;
  for (const StagedFile& staged : manifest.staged) {
    if (staged.replaces_table != replaces) continue;
    if (staged.truncates) {
      changes.files.clear();
      changes.truncated = true;
    } else {
      changes.files.push_back(&staged);
    }
  }
  return changes;
}

void Warn(const ConfiguredStream& stream, const MergeOutcome& outcome, int64_t changed_bytes) {
  if (outcome.bytes_replaced < kRewriteBytes ||
      outcome.bytes_replaced < kRewriteFactor * changed_bytes) {
    return;
  }
  Log(LogLevel::kWarn,
      "stream {}: {} changed rows ({:.1f} MB) made {} files ({:.1f} MB) be written again; set "
      "merge_interval, so that more changes are merged at a time",
      stream.descriptor().ToString(), outcome.rows_written, Megabytes(changed_bytes),
      outcome.replaced.size(), Megabytes(outcome.bytes_replaced));
}

DataFile FileOf(const DataFile& as, const MergedFile& merged) {
  DataFile file = as;
  file.key = merged.upload.key;
  file.rows = merged.rows;
  file.bytes = merged.bytes;
  file.swapped = true;  // what it holds is merged: nothing of it can be withdrawn
  return file;
}

/// Puts the outcome into the manifest. `stored`: the files that the merge knew, as in its input.
void Apply(const MergeOutcome& outcome, const DataFile& as, const std::vector<DataFile>& stored,
           Manifest& next) {
  std::set<std::string> gone;
  for (const size_t file : outcome.emptied) {
    gone.insert(stored[file].key);
    next.removing.push_back(stored[file].key);
  }
  std::erase_if(next.files, [&](const DataFile& file) { return gone.contains(file.key); });
  for (const auto& [index, merged] : outcome.replaced) {
    const auto file = std::find_if(next.files.begin(), next.files.end(), [&](const DataFile& one) {
      return one.key == merged.upload.key;
    });
    *file = FileOf(as, merged);
    next.completing.push_back(merged.upload);
  }
  for (const MergedFile& merged : outcome.added) {
    next.files.push_back(FileOf(as, merged));
    next.completing.push_back(merged.upload);
  }
}

/// A config error when the key has a column that the schema lacks or that can't be one.
Status CheckKey(const std::vector<std::string>& key, const arrow::Schema& schema) {
  for (const std::string& column : key) {
    const auto field = schema.GetFieldByName(column);
    if (field == nullptr) {
      return ConfigError(
          "primary_key has the column {}, which is not among the stream's; "
          "select it, or choose another key",
          column);
    }
    MR_RETURN_IF_ERROR(KeyHasher::CheckType(*field->type()).WithContext("column " + column));
  }
  return Status::Ok();
}

}  // namespace

std::optional<MergeRules> MergeRulesOf(const ConfiguredStream& stream,
                                       const DedupOptions& options) {
  if (!stream.deduplicates()) return std::nullopt;
  MergeRules rules;
  rules.hard_deletes = options.hard_deletes;
  rules.sets = !stream.replace_by.empty();
  if (rules.sets) {
    rules.key = stream.replace_by;
    return rules;
  }
  for (const FieldPath& path : stream.primary_key) rules.key.push_back(path.front());
  if (!stream.stream.source_defined_cursor && stream.cursor_field.size() == 1) {
    rules.cursor = stream.cursor_field.front();
  }
  return rules;
}

Status CheckDedupStream(const ConfiguredStream& stream, const FileFormat& format) {
  const std::string name = stream.descriptor().ToString();
  const auto mode = ToString(stream.destination_sync_mode);
  if (format.type != FileFormat::Type::kParquet) {
    return ConfigError(
        "stream {}: {} needs Parquet files; choose format_type Parquet, or incremental_append or "
        "full_refresh_overwrite",
        name, mode);
  }
  if (!stream.replace_by.empty()) return Status::Ok();
  if (stream.primary_key.empty()) {
    return ConfigError(
        "stream {}: {} needs a key; set primary_key to the columns that tell its "
        "rows apart",
        name, mode);
  }
  for (const FieldPath& path : stream.primary_key) {
    if (path.size() == 1) continue;
    return ConfigError(
        "stream {}: primary_key names a field inside {}; only whole columns can be "
        "part of a key",
        name, path.empty() ? "nothing" : path.front());
  }
  return Status::Ok();
}

Result<MergeTotals> MergeStaged(const TableMerge& merge, const DataFile& as, Manifest& next) {
  const Changes changes = ChangesOf(next, merge.replaces);
  const bool same_key = next.rules && next.rules->SameKey(merge.rules);
  std::vector<DataFile> stored = next.files;
  MergeInput input{merge.rules,      merge.schema,   merge.format, merge.options.file_bytes, {}, {},
                   merge.start_file, merge.finished, merge.stop};
  input.format.key_columns = merge.rules.key;
  input.threads = std::clamp(merge.threads, 1, kThreadsMost);
  if (changes.truncated) {
    // The source's table was empty for a moment; so may ours be.
    for (const DataFile& file : stored) next.removing_first.push_back(file.key);
    next.files.clear();
    stored.clear();
  } else if (!same_key) {
    // Its rows are not known to be free of duplicates: they are changes like any other.
    for (const DataFile& file : stored) {
      if (file.rows > 0) {
        input.changes.push_back({file.key, static_cast<int64_t>(input.changes.size())});
      }
      next.removing.push_back(file.key);
    }
    next.files.clear();
    stored.clear();
  }
  MergeTotals totals;
  int64_t flush = static_cast<int64_t>(input.changes.size());
  int64_t changed_bytes = 0;
  const StagedFile* before = nullptr;
  for (const StagedFile* staged : changes.files) {
    const bool same_flush = before != nullptr && before->lane == staged->lane &&
                            before->file.epoch == staged->file.epoch &&
                            before->file.checkpoint == staged->file.checkpoint;
    if (!same_flush) ++flush;
    before = staged;
    input.changes.push_back({staged->file.key, flush});
    changed_bytes += staged->file.bytes;
  }
  for (const DataFile& file : stored) input.files.push_back({file.key, file.rows, file.bytes});
  if (!input.changes.empty()) {
    if (input.schema == nullptr) {
      MR_ASSIGN_OR_RETURN(input.schema, SchemaOfChanges(merge.store, input.changes.back().key));
    }
    MR_RETURN_IF_ERROR(CheckKey(input.rules.key, *input.schema));
    MR_ASSIGN_OR_RETURN(const MergeOutcome outcome, MergeChanges(merge.store, input));
    Apply(outcome, as, stored, next);
    Log(LogLevel::kInfo,
        "stream {}: merged {} changes: {} rows written, {} of {} files replaced, {} added; "
        "{:.1f} MB read, {:.1f} MB written",
        merge.stream.descriptor().ToString(), outcome.changes, outcome.rows_written,
        outcome.replaced.size(), stored.size(), outcome.added.size(), Megabytes(outcome.bytes_read),
        Megabytes(outcome.bytes_written));
    Warn(merge.stream, outcome, changed_bytes);
    totals = {
        static_cast<int64_t>(outcome.replaced.size()), static_cast<int64_t>(outcome.added.size()),
        static_cast<int64_t>(outcome.emptied.size()), outcome.bytes_read, outcome.bytes_written};
  }
  std::erase_if(next.staged, [&](const StagedFile& staged) {
    if (staged.replaces_table != merge.replaces && !merge.replaces) return false;
    // What waited for the table that is replaced goes with it.
    if (!staged.truncates) next.removing.push_back(staged.file.key);
    return true;
  });
  next.rules = merge.rules;
  return totals;
}

}  // namespace millrace
