#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <utility>
#include <vector>

#include "clients/object_store/object_store.h"
#include "connector/source.h"
#include "formats/file_format.h"
#include "lake/merge/change_scan.h"
#include "lake/merge/merge_plan.h"
#include "lake/merge/merge_rules.h"

namespace millrace {

/// What is to be merged into what. A plain value; the functions outlive the merge.
struct MergeInput {
  MergeRules rules;
  SchemaPtr schema;                        ///< the table's, in the types of files
  FileFormat format;                       ///< Parquet
  int64_t file_bytes = int64_t{32} << 20;  ///< a file that has so many takes no new keys
  std::vector<ChangeFile> changes;         ///< in arrival order
  std::vector<StoredFile> files;           ///< the table's; new keys may go to the last one
  /// Starts a file under a name of its own.
  std::function<Result<std::unique_ptr<ObjectUpload>>()> start_file;
  /// Hears of every upload that is finished, so that somebody aborts it when the merge fails.
  std::function<void(const PendingUpload&)> finished;
  std::stop_token stop;  ///< ends the merge within a batch: kCanceled
  /// At most so many files are looked into, and then written, at a time: each takes some 60 MB.
  int threads = 1;
};

struct MergedFile {
  PendingUpload upload;
  int64_t rows = 0;
  int64_t bytes = 0;
};

/// What a merge has written: durable, and nothing of it visible yet.
struct MergeOutcome {
  std::vector<std::pair<size_t, MergedFile>> replaced;  ///< by their place in MergeInput::files
  std::vector<size_t> emptied;                          ///< files of which no row is left
  std::vector<MergedFile> added;

  int64_t changes = 0;         ///< rows that came
  int64_t rows_written = 0;    ///< of them, those that are written
  int64_t bytes_replaced = 0;  ///< of files that had to be written again
  int64_t bytes_read = 0;
  int64_t bytes_written = 0;
};

/// Merges changes into a table's files by the rules of connector/deduplication.md. A key stays in
/// its file while it lives; files without a changed key are not touched, new keys go to the last
/// file until it is full. Completing the uploads, each on its own and in any order, and deleting
/// what was emptied, shows every key exactly once at every moment.
///
/// Reads changes and files as often as memory asks for it (see MergePlanner and ChangedRows) and
/// holds no file: some 200 MB whatever the sizes. Blocks for I/O.
Result<MergeOutcome> MergeChanges(ObjectStore& store, const MergeInput& input);

}  // namespace millrace
