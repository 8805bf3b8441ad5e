#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "declarative/jinja/py_value.h"
#include "declarative/slices/datetime_position.h"

namespace millrace {

/// The positions of a stream's partitions in the order in which they came, and which partitions are
/// open: being cut or read. Not thread-safe: its cursor's lock guards it.
class PartitionPositions {
 public:
  struct Entry {
    std::string key;
    PyValue partition;  ///< as the key has it
    std::shared_ptr<DatetimePosition> position;
  };

  /// Null when there is none.
  std::shared_ptr<DatetimePosition> Find(const std::string& key) const;
  /// Adds it at the end, or replaces the position where the key stands. `key` is a PartitionKey.
  Status Set(std::string key, std::shared_ptr<DatetimePosition> position);
  /// Drops the oldest partition that isn't open, or else the oldest; its key. Requires size() > 0.
  std::string DropOldest(bool* was_open);

  const std::list<Entry>& entries() const { return entries_; }  ///< oldest first
  size_t size() const { return entries_.size(); }

  /// False: it is open already. `parent_state`: as of this partition.
  bool Open(const std::string& key, const PyValue& parent_state);
  /// One more slice of it is handed out; `last`: there will be none after it.
  void AddSlice(const std::string& key, bool last);
  /// One slice was read; false: there is none open of that key.
  bool CloseSlice(const std::string& key);
  /// Whether every slice of it was handed out and read. Requires that it's open.
  bool IsDone(const std::string& key) const;
  /// Forgets that it is open.
  void Release(const std::string& key);
  /// Whether slices are handed out that weren't closed.
  bool any_slice_open() const { return slices_open_ > 0; }

  /// The newest parent state whose partitions, and all before them, were released; none when it is
  /// the same as at the last call. Takes it.
  std::optional<PyValue> TakeParentState();

 private:
  struct OpenPartition {
    int64_t number = 0;  // counting partitions as they were opened
    int64_t slices = 0;  // handed out and not closed
    bool cut = false;
  };

  std::list<Entry> entries_;
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_key_;
  std::unordered_map<std::string, OpenPartition> open_;
  std::set<int64_t> open_numbers_;
  int64_t opened_ = 0, slices_open_ = 0;
  std::deque<std::pair<PyValue, int64_t>> parent_states_;  // with the first partition that has it
};

}  // namespace millrace
