#pragma once

#include <arrow/type_fwd.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "clients/object_store/object_store.h"
#include "lake/merge/change_scan.h"
#include "lake/merge/key_bounds.h"
#include "lake/merge/key_hash.h"
#include "lake/merge/key_index.h"
#include "lake/merge/merge_plan.h"
#include "lake/merge/merge_rules.h"

namespace millrace {

/// Decides which change of each key stays, and finds the stored rows that it replaces, by reading
/// key columns only. Memory: an index of at most kKeysPerPass keys; when there are more changes,
/// the keys are split by their hash and everything is read once per part. Besides, 2 bytes a
/// change, and a bit a row of each file that holds a changed key. The table's files are looked into
/// on several threads, 8 bytes a found key each; all else happens on the caller's.
class MergePlanner {
 public:
  static constexpr int64_t kKeysPerPass = 1'500'000;
  /// With a cursor its values are in the index, too.
  static constexpr int64_t kKeysPerPassWithCursor = 500'000;

  /// All of it outlives the planner; `schema` is the table's, in the types of files.
  MergePlanner(ObjectStore& store, const MergeRules& rules, const SchemaPtr& schema,
               ChangeScan& changes, const std::vector<StoredFile>& files, int threads,
               std::atomic<int64_t>* bytes_read);

  Result<MergePlan> Plan();

 private:
  /// What is asked of a batch of changes or of stored rows.
  struct Keys {
    std::vector<KeyHash> hashes;
    arrow::ArrayVector columns;
    std::shared_ptr<arrow::Array> cursor;      ///< null: none
    std::shared_ptr<arrow::Array> deleted;     ///< null: none
    std::shared_ptr<arrow::Array> unsent;      ///< null: everything was sent
    std::shared_ptr<arrow::Array> set, empty;  ///< replaced sets only
  };

  /// A row of a file that has a changed key.
  struct Hit {
    uint32_t row = 0;
    uint32_t entry = 0;  ///< of the index
  };
  struct FileHits {
    std::vector<Hit> replaced;
    std::vector<Hit> newer;  ///< the stored row has a greater cursor than the change
    int64_t rows = 0;        ///< of the file
  };

  Result<Keys> KeysOf(const arrow::RecordBatch& rows) const;
  bool InPass(const KeyHash& hash) const;
  Status ScanChanges(const std::function<void(const Keys&, int64_t first_row, size_t file)>& sink);
  Status IndexChanges();
  void IndexRow(const Keys& keys, int64_t in_batch, uint32_t row);
  void IndexSet(const Keys& keys, int64_t in_batch, size_t file);
  uint32_t NumberSet(const Keys& keys, int64_t in_batch, size_t file);
  void MarkRows();
  Status MarkSets();
  Status ProbeFiles();
  Result<FileHits> ProbeFile(size_t file) const;
  void ProbeRows(const Keys& keys, int64_t first_row, FileHits& hits) const;
  Status Apply(size_t file, const FileHits& hits);
  Result<uint16_t> PlanOf(size_t file);

  ObjectStore& store_;
  const MergeRules& rules_;
  const SchemaPtr schema_;
  ChangeScan& changes_;
  const std::vector<StoredFile>& files_;
  const int threads_;
  std::atomic<int64_t>* const bytes_read_;
  std::vector<std::shared_ptr<arrow::Field>> key_fields_;
  std::shared_ptr<arrow::Field> cursor_field_;  // null: none
  std::set<std::string> columns_;               // that are read
  const KeyHasher hasher_;
  KeyBounds bounds_;
  bool partial_ = false;  // some values were not sent
  uint64_t passes_ = 1;
  uint64_t pass_ = 0;
  KeyIndex index_;
  std::vector<std::string> cursors_;   // per entry of the index
  std::vector<uint16_t> set_targets_;  // per entry of the index
  uint32_t set_number_ = 0;
  int64_t last_set_ = -1;  // of the row before, with the flush that it came in
  int64_t last_flush_ = -1;
  std::vector<int> plan_of_;  // per stored file: which of plan_.files; -1: none yet
  MergePlan plan_;
};

}  // namespace millrace
