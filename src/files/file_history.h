#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "clients/object_store/object_store.h"

namespace millrace {

/// "2024-02-29T10:00:00.000000Z": how Airbyte's file-based sources write a file's time.
std::string FileTimeText(WallTime time);

/// Which files of a stream were read, and when each had been changed: the state of Airbyte's
/// file-based sources, {"history": {key: time}, "_ab_source_file_last_modified": "time_key"}, with
/// its bound of 10,000 files: beyond it the oldest is forgotten. One thread.
class FileHistory {
 public:
  static constexpr size_t kFilesMax = 10'000;

  /// `days`: how far back files are looked for once the history is full.
  FileHistory(int days, WallTime now) : days_(days), now_(now) {}

  /// Takes a saved state: today's shape, or that of source-s3 before version 4 ({"history":
  /// {day: [keys]}, …}). A config error when it is neither.
  Status Load(const Json& state);

  /// Whether the file is new or has changed. By the history as it was when it was loaded.
  bool Wants(const ObjectInfo& file) const;
  /// The file was read.
  void Add(const std::string& key, WallTime modified);

  Json ToState() const;
  size_t size() const { return files_.size(); }
  /// Older files were forgotten: what Wants says of files it does not know rests on their age.
  bool full() const { return files_.size() >= kFilesMax; }

 private:
  using Entry = std::pair<WallTime, std::string>;

  Status LoadLegacy(const Json& history, const Json& cursor);

  const int days_;
  const WallTime now_;
  std::map<std::string, WallTime> files_;
  std::set<Entry> by_age_;
  /// As loaded: the oldest file, and whether there was room.
  Entry oldest_loaded_;
  bool full_loaded_ = false;
  /// A state of before version 4 knew nothing before this: such files were all read.
  bool migrated_ = false, migrating_ = false;
  WallTime migrated_from_{};
};

}  // namespace millrace
