#include "lake/table.h"

#include <arrow/type.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/log.h"
#include "connector/json_schema.h"
#include "formats/file_writer.h"
#include "lake/data_files.h"
#include "lake/merge/upload_sink.h"
#include "lake/table_merge.h"

namespace millrace {
namespace {

/// Names that somebody else's files have already are skipped, up to this many in a row.
constexpr int kTakenNamesMax = 10'000;

}  // namespace

Table::Table(ObjectStore& store, const LayoutConfig& layout, const FileFormat& format,
             const DedupOptions& dedup, const ConfiguredStream& stream, const LoadContext& context)
    : store_(store),
      format_(format),
      dedup_(dedup),
      stream_(stream),
      context_(context),
      layout_(layout, stream.destination, format.Extension()),
      rules_(MergeRulesOf(stream, dedup)),
      chain_(store, layout_.manifest_folder()) {}

bool Table::Withdrawn(const DataFile& file) const {
  return !file.swapped && file.epoch == context_.epoch && file.checkpoint > context_.last_saved;
}

bool Table::Continues(const DataFile& file) const {
  // Who does not continue reads from the start.
  const bool continues = stream_.goes_on ? has_commits_ : stream_.continues();
  return continues && file.generation == stream_.generation_id && file.epoch == context_.epoch &&
         file.checkpoint <= context_.last_saved;
}

bool Table::FindCommits() const {
  // A table that never got a row may have no manifest; the stream's own one speaks for all.
  if (stream_.derived_from) return true;
  const bool noted = manifest_.steps_generation == stream_.generation_id &&
                     manifest_.steps_epoch == context_.epoch;
  // Files of another format, or in another place, can't be part of the table.
  return noted && std::all_of(manifest_.hidden.begin(), manifest_.hidden.end(),
                              [this](const HiddenFile& hidden) {
                                return layout_.pattern().Matches(hidden.upload.key);
                              });
}

Status Table::Recover(const ChainEnd& end) {
  newest_checkpoint_ = context_.last_saved;
  has_commits_ = FindCommits();
  if (end.sequence == 0) return Status::Ok();
  MR_ASSIGN_OR_RETURN(manifest_, chain_.ReadNewest(end));
  if (manifest_.fencing_token > context_.fencing_token) {
    return SystemError(
        "a newer attempt ({} after {}) has written this table; this one stops. Is another sync "
        "running, or is this machine's clock slow?",
        manifest_.fencing_token, context_.fencing_token);
  }
  if (manifest_.connection != context_.connection) {
    Log(LogLevel::kWarn,
        "stream {}: the connection {} wrote this table before; use another prefix, namespace or "
        "path, unless both shall",
        stream_.descriptor().ToString(), manifest_.connection);
  }
  has_commits_ = FindCommits();
  next_part_ = manifest_.next_part;
  if (manifest_.text_generation == stream_.generation_id) text_numbers_ = manifest_.text_numbers;

  Manifest next = NextManifest();
  const std::vector<DataFile> withdrawn =
      TakeOut(next.files, [this](const DataFile& file) { return Withdrawn(file); });
  std::vector<HiddenFile> hidden;
  for (HiddenFile& file : next.hidden) {
    if (Continues(file.file)) {
      hidden.push_back(std::move(file));
    } else {
      MR_RETURN_IF_ERROR(store_.Abort(file.upload));
    }
  }
  const std::vector<std::string> unstaged = TakeOutStaged(next);
  if (manifest_.settled() && withdrawn.empty() && hidden.size() == next.hidden.size() &&
      next.staged.size() == manifest_.staged.size()) {
    return MergeOldRules();
  }
  next.hidden = std::move(hidden);
  MR_RETURN_IF_ERROR(store_.Delete(manifest_.removing_first));
  for (const PendingUpload& upload : manifest_.completing) {
    const bool gone = std::any_of(withdrawn.begin(), withdrawn.end(),
                                  [&](const DataFile& file) { return file.key == upload.key; });
    MR_RETURN_IF_ERROR(gone ? store_.Abort(upload) : store_.Complete(upload));
  }
  MR_RETURN_IF_ERROR(store_.Delete(manifest_.removing));
  // A name is free again for nobody: next_part stays.
  MR_RETURN_IF_ERROR(store_.Delete(KeysOf(withdrawn)));
  MR_RETURN_IF_ERROR(Store(std::move(next)));
  MR_RETURN_IF_ERROR(store_.Delete(unstaged));
  return MergeOldRules();
}

bool Table::Keeps(const std::string& key) const {
  return std::any_of(manifest_.hidden.begin(), manifest_.hidden.end(),
                     [&](const HiddenFile& file) { return file.upload.key == key; });
}

Result<std::unique_ptr<ObjectUpload>> Table::StartFile() {
  for (int i = 0; i < kTakenNamesMax; ++i) {
    FileNaming naming{context_.started_at, 0, stream_.sync_id};
    {
      std::lock_guard lock(mutex_);
      naming.part = next_part_++;
    }
    const std::string key = layout_.KeyOf(naming);
    MR_ASSIGN_OR_RETURN(const auto taken, store_.Head(key));
    if (taken == nullptr) return store_.StartUpload(key);
  }
  return ConfigError("no free file name after {} others in {}; use another file_name_pattern",
                     kTakenNamesMax, store_.Name());
}

void Table::AddFinished(const FinishedFile& file) {
  std::lock_guard lock(mutex_);
  finished_[file.upload.key] = file.upload;
}

void Table::SetSchema(const SchemaPtr& schema) {
  std::lock_guard lock(mutex_);
  schema_ = schema;
}

TextNumbers Table::text_numbers() const {
  std::lock_guard lock(mutex_);
  return text_numbers_;
}

void Table::AddTextNumbers(const std::vector<std::string>& columns) {
  std::lock_guard lock(mutex_);
  for (const std::string& column : columns) {
    if (!text_numbers_.insert(column).second) continue;
    Log(LogLevel::kWarn,
        "stream {}: column {} has a number that no double holds exactly; it is text in the files "
        "from here on. Read them with union_by_name, or set number_format",
        stream_.descriptor().ToString(), column);
  }
}

Manifest Table::NextManifest() const {
  Manifest next = manifest_;
  next.sequence = manifest_.sequence + 1;
  next.fencing_token = context_.fencing_token;
  next.connection = context_.connection;
  next.removing_first.clear();
  next.completing.clear();
  next.removing.clear();
  // A table that can't be gone on with stays without the note until the state is forgotten.
  const bool steps = stream_.in_steps && (!stream_.goes_on || has_commits_);
  if (stream_.in_steps) {
    next.steps_generation = steps ? stream_.generation_id : -1;
    next.steps_epoch = steps ? context_.epoch : std::string();
  }
  std::lock_guard lock(mutex_);
  next.next_part = next_part_;
  next.text_generation = stream_.generation_id;
  next.text_numbers = text_numbers_;
  return next;
}

Status Table::Store(Manifest next) {
  const Status stored = chain_.Append(next);
  undecided_ = !stored.ok();
  if (undecided_) return stored;
  manifest_ = std::move(next);
  carried_out_ = false;
  return Status::Ok();
}

Status Table::Commit(CheckpointId checkpoint, const std::vector<FinishedFile>& files) {
  if (files.empty()) return Status::Ok();
  if (rules_) return CommitStaged(checkpoint, files);
  const bool visible = !stream_.replaces_table() && stream_.sync_mode == SyncMode::kIncremental;
  Manifest next = NextManifest();
  next.rules.reset();  // what is added may have any key again
  for (const FinishedFile& file : files) {
    DataFile data{file.upload.key,       file.rows,      file.bytes,
                  stream_.generation_id, context_.epoch, checkpoint};
    if (visible) {
      next.files.push_back(std::move(data));
      next.completing.push_back(file.upload);
    } else {
      next.hidden.push_back({std::move(data), file.upload});
    }
  }
  newest_checkpoint_ = std::max(newest_checkpoint_, checkpoint);
  if (!stream_.keeps_commits()) {
    // No later attempt wants to know of it: it would read everything again.
    manifest_.hidden = std::move(next.hidden);
  } else {
    MR_RETURN_IF_ERROR(Store(std::move(next)));
  }
  {
    std::lock_guard lock(mutex_);
    for (const FinishedFile& file : files) finished_.erase(file.upload.key);
  }
  return visible ? CarryOut() : Status::Ok();
}

Status Table::Finish(StreamStatus status) {
  if (undecided_) {
    if (status == StreamStatus::kIncomplete) return Status::Ok();
    return SystemError("the table can't be completed after a commit that failed");
  }
  if (rules_) return FinishMerged(status);
  const bool complete = status == StreamStatus::kComplete;
  if (!complete && !stream_.keeps_commits()) return DropHidden();
  if (!complete && (stream_.replaces_table() || stream_.in_steps)) return Settle();
  Manifest next = NextManifest();
  if (complete) {
    // Files of the replacing generation are there already when an attempt before showed it, but
    // died before its last states were saved. What those states cover stays.
    next.removing = KeysOf(TakeOutOldFiles(next));
  }
  for (HiddenFile& hidden : next.hidden) {
    hidden.file.swapped = stream_.replaces_table();
    next.completing.push_back(std::move(hidden.upload));
    next.files.push_back(std::move(hidden.file));
  }
  next.hidden.clear();
  if (complete && next.files.empty()) MR_RETURN_IF_ERROR(WriteEmptyFile(next));
  if (!next.settled()) MR_RETURN_IF_ERROR(Store(std::move(next)));
  return Settle();
}

Status Table::DropHidden() {
  if (manifest_.hidden.empty()) return Settle();
  for (const HiddenFile& hidden : manifest_.hidden) {
    MR_RETURN_IF_ERROR(store_.Abort(hidden.upload));
  }
  manifest_.hidden.clear();  // stored nowhere: see Commit
  return Settle();
}

Status Table::CarryOut() {
  MR_RETURN_IF_ERROR(store_.Delete(manifest_.removing_first));
  for (const PendingUpload& upload : manifest_.completing) {
    MR_RETURN_IF_ERROR(store_.Complete(upload));
  }
  MR_RETURN_IF_ERROR(store_.Delete(manifest_.removing));
  carried_out_ = true;
  return Status::Ok();
}

Status Table::Settle() {
  if (manifest_.settled()) return Status::Ok();
  if (!carried_out_) MR_RETURN_IF_ERROR(CarryOut());
  MR_RETURN_IF_ERROR(chain_.NoteCarriedOut(manifest_.sequence));
  manifest_.removing_first.clear();
  manifest_.completing.clear();
  manifest_.removing.clear();
  carried_out_ = false;
  return Status::Ok();
}

SchemaPtr Table::FileSchema() const {
  SchemaPtr schema;
  {
    std::lock_guard lock(mutex_);
    schema = schema_;
  }
  // The source never opened the stream: what the catalog declares.
  if (schema == nullptr) schema = ArrowSchemaOf(*stream_.stream.json_schema);
  return format_.typed() ? NumberSchemaOf(schema, context_.number_format, text_numbers()) : schema;
}

Status Table::WriteEmptyFile(Manifest& next) {
  const SchemaPtr schema = FileSchema();
  UploadSink sink([this] { return StartFile(); });
  MR_ASSIGN_OR_RETURN(auto writer, MakeFileWriter(format_, schema, sink));
  MR_ASSIGN_OR_RETURN(const FileTotals totals, writer->Close());
  MR_ASSIGN_OR_RETURN(PendingUpload pending, sink.Finish());
  next.files.push_back({pending.key, 0, totals.bytes, stream_.generation_id, context_.epoch,
                        newest_checkpoint_, stream_.replaces_table()});
  next.completing.push_back(std::move(pending));
  next.next_part = NextManifest().next_part;
  return Status::Ok();
}

Status Table::Close() {
  std::map<std::string, PendingUpload> leftovers;
  {
    std::lock_guard lock(mutex_);
    leftovers.swap(finished_);
  }
  if (undecided_) return Status::Ok();
  for (const auto& [key, upload] : leftovers) MR_RETURN_IF_ERROR(store_.Abort(upload));
  return carried_out_ ? Settle() : Status::Ok();
}

}  // namespace millrace
