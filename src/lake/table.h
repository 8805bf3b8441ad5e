#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "clients/object_store/object_store.h"
#include "connector/destination.h"
#include "formats/file_format.h"
#include "formats/number_columns.h"
#include "lake/dedup_options.h"
#include "lake/manifest.h"
#include "lake/manifest_chain.h"
#include "lake/table_layout.h"

namespace millrace {

/// A file that a writer finished: durable, not visible.
struct FinishedFile {
  PendingUpload upload;
  int64_t rows = 0;
  int64_t bytes = 0;
  int lane = 0;
  /// No file at all, but the word that every row before it is gone (deduplicating modes).
  bool truncates = false;
};

/// One stream's table during one attempt: its manifest, its names, what its writers decided
/// together. Owned by LakeLoad. Recover, Commit, Finish and Close belong to the load's
/// thread; the rest is called by the stream's writers, from any thread.
class Table {
 public:
  /// All of them outlive the table.
  Table(ObjectStore& store, const LayoutConfig& layout, const FileFormat& format,
        const DedupOptions& dedup, const ConfiguredStream& stream, const LoadContext& context);

  const ConfiguredStream& stream() const { return stream_; }
  const TableLayout& layout() const { return layout_; }
  const ManifestChain& chain() const { return chain_; }
  const FileFormat& format() const { return format_; }
  const LoadContext& context() const { return context_; }

  /// Reads the newest manifest (a table without one is new), ends what an attempt before decided
  /// but did not do, and withdraws what this epoch committed after its last saved state.
  Status Recover(const ChainEnd& end);
  /// Removes staged objects that no manifest knows, of attempts that died or are superseded, after
  /// a manifest that keeps those from committing; `found` are all that lie in staged_folder().
  /// After Recover.
  Status RemoveLeftOvers(const std::vector<ObjectInfo>& found);
  std::string staged_folder() const { return layout_.manifest_folder() + "changes/"; }
  /// True for an upload that Recover found committed and kept.
  bool Keeps(const std::string& key) const;

  /// Of a full refresh that goes on: whether this is the table that it went on in. After Recover.
  bool HasCommits() const { return has_commits_; }

  /// Starts a file under a name that nothing else has.
  Result<std::unique_ptr<ObjectUpload>> StartFile();
  /// Starts an object for changes that wait for their merge.
  Result<std::unique_ptr<ObjectUpload>> StartStaged();
  /// Remembers a finished file until it is committed.
  void AddFinished(const FinishedFile& file);
  /// The stream's schema, for the empty file of a stream without rows.
  void SetSchema(const SchemaPtr& schema);
  /// The columns whose numbers are text, for all lanes. Adding one warns, once.
  TextNumbers text_numbers() const;
  void AddTextNumbers(const std::vector<std::string>& columns);

  /// Makes the files part of the table: visible (incremental append), hidden until Finish, or
  /// staged for a merge (deduplicating modes).
  Status Commit(CheckpointId checkpoint, const std::vector<FinishedFile>& files);
  /// kComplete: shows what is hidden, replaces older generations, makes an empty file where there
  /// is none. kIncomplete: a full refresh in one go is thrown away, because the next attempt reads
  /// it all again; what one in steps, or a generation that is replaced, has so far stays, hidden.
  /// Merges what is staged when merge_interval allows it.
  Status Finish(StreamStatus status);
  /// See Load.
  MergeTotals TakeMergeTotals() { return std::exchange(merge_totals_, {}); }
  /// The end of the load: throws away what was finished and not committed, and notes that what
  /// was committed has been carried out, so that no later attempt looks for it.
  Status Close();

 private:
  Manifest NextManifest() const;
  /// Makes `next` the table's manifest. After a failure nothing that it names may be thrown away:
  /// it may be stored all the same, and the next attempt goes by what it finds.
  Status Store(Manifest next);
  /// Does what the manifest decided; can be repeated.
  Status CarryOut();
  /// The same unless it is done, then notes that it is.
  Status Settle();
  Status WriteEmptyFile(Manifest& next);
  Status DropHidden();
  Status CommitStaged(CheckpointId checkpoint, const std::vector<FinishedFile>& files);
  Status FinishMerged(StreamStatus status);
  /// Merges by `rules`; see MergeStaged.
  Status Merge(const MergeRules& rules, bool replaces, Manifest& next);
  bool MergeIsDue() const;
  /// Changes that were staged under rules that the stream does not have any more are merged by
  /// those.
  Status MergeOldRules();
  /// Takes out of `next` the staged changes that are withdrawn or belong to no generation any more.
  std::vector<std::string> TakeOutStaged(Manifest& next) const;
  std::vector<DataFile> TakeOutOldFiles(Manifest& next) const;
  SchemaPtr FileSchema() const;
  bool FindCommits() const;
  bool Withdrawn(const DataFile& file) const;
  /// True when this attempt goes on where the file's one ended, so that its rows don't come again.
  bool Continues(const DataFile& file) const;

  ObjectStore& store_;
  const FileFormat& format_;
  const DedupOptions& dedup_;
  const ConfiguredStream& stream_;
  const LoadContext& context_;
  const TableLayout layout_;
  const std::optional<MergeRules> rules_;  // none: the stream does not deduplicate
  ManifestChain chain_;
  Manifest manifest_;         // the load's thread only, as the next three
  bool carried_out_ = false;  // what manifest_ decided is done, but not noted yet
  bool undecided_ = false;    // storing a manifest failed, and may have had its effect
  CheckpointId newest_checkpoint_ = 0;
  bool has_commits_ = false;  // constant after Recover
  MergeTotals merge_totals_;  // since they were taken

  mutable std::mutex mutex_;
  int64_t next_part_ = 0;                          // guarded by mutex_
  SchemaPtr schema_;                               // guarded by mutex_
  TextNumbers text_numbers_;                       // guarded by mutex_
  std::map<std::string, PendingUpload> finished_;  // by key; guarded by mutex_
};

}  // namespace millrace
