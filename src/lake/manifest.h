#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "clients/object_store/object_store.h"
#include "connector/destination.h"
#include "formats/number_columns.h"
#include "lake/merge/merge_rules.h"

namespace millrace {

/// One file of a table.
struct DataFile {
  std::string key;
  int64_t rows = 0;
  int64_t bytes = 0;
  int64_t generation = 0;
  std::string epoch;
  CheckpointId checkpoint = 0;
  /// It became visible when its generation replaced an older one.
  bool swapped = false;
};

/// A file that is committed but not to be seen yet: of a full refresh that is still going on.
struct HiddenFile {
  DataFile file;
  PendingUpload upload;
};

/// Changes that wait for their merge, in an object that no reader looks at.
struct StagedFile {
  DataFile file;
  int64_t lane = 0;
  /// Every row before it, stored or staged, is gone. Such an entry has no object.
  bool truncates = false;
  /// They belong to a generation that is going to replace the table.
  bool replaces_table = false;
};

/// What a table consists of, at one moment. A manifest is its own intent: what it says is decided
/// once it is stored, though `completing` may not all be visible and `removing` not all be gone.
/// Whoever finds it so does the rest; both steps can be repeated. A plain value.
struct Manifest {
  int64_t sequence = 0;  ///< counts a table's manifests from 1; 0: there is none
  int64_t fencing_token = 0;
  std::string connection;
  /// The least part number that no file ever had.
  int64_t next_part = 0;
  std::vector<DataFile> files;
  std::vector<HiddenFile> hidden;
  std::vector<StagedFile> staged;           ///< in arrival order
  std::vector<std::string> removing_first;  ///< before anything is completed
  std::vector<PendingUpload> completing;
  std::vector<std::string> removing;
  /// Columns whose numbers are text in the files of `text_generation`.
  int64_t text_generation = -1;
  TextNumbers text_numbers;

  /// The generation and epoch of the last full refresh that committed in steps: an attempt that
  /// goes on with it finds all that it committed here, hidden or, when it was completed, shown.
  int64_t steps_generation = -1;
  std::string steps_epoch;

  /// By which rows the files are free of duplicates; none after an append.
  std::optional<MergeRules> rules;
  /// By what the staged changes are to be merged: the table's rules may be older, and the
  /// configuration that opens it next may be another one.
  std::optional<MergeRules> staged_rules;
  int64_t merged_at_ms = 0;  ///< by the clock of who merged; 0: never

  bool settled() const { return removing_first.empty() && completing.empty() && removing.empty(); }
};

std::string ManifestToText(const Manifest& manifest);
/// A system error when it is damaged or of a later version; it names `key`.
Result<Manifest> ManifestFromText(std::string_view text, std::string_view key);

}  // namespace millrace
