#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "cli/sync_counters.h"
#include "pipeline/run_sync.h"
#include "protocol/json_field.h"
#include "script.h"
#include "table_place.h"

namespace millrace::synctest {

/// Where a sync is killed by SIGKILL: at the n-th time that it gets there.
struct KillPoint {
  enum class Place { kBeforeSave, kAfterSave, kBeforeFinish, kAfterFinish };
  Place place = Place::kBeforeSave;
  int nth = 1;
};

/// One connection of a golden file: its settings, a folder that holds what outlives a sync (the
/// state file, the counters), and the place of its tables. The product's pipeline, destination,
/// counters and state file at work; only the source is scripted.
class SyncWorld {
 public:
  /// Makes the folder unless it is there.
  static Result<std::unique_ptr<SyncWorld>> Open(const std::string& place,
                                                 std::filesystem::path folder);

  const std::filesystem::path& folder() const { return folder_; }
  TablePlace& tables() const { return *tables_; }
  const ConfiguredCatalog& catalog() const { return catalog_; }
  /// The catalog's streams, and those derived from them.
  ConfiguredCatalog OutputCatalog() const;

  /// `option KEY VALUE` and `stream NAME MODE …`, by their words.
  Status SetOption(const std::vector<std::string>& words);
  Status AddStream(const std::vector<std::string>& words);
  /// `declare STREAM FIELD:TYPE …`: the stream's schema in the catalog.
  Status Declare(const std::vector<std::string>& words);
  void SetScript(std::vector<Step> script, bool continues);

  /// As `millrace sync --full-refresh`: the next sync builds these streams' tables anew.
  Status Refresh(const std::vector<StreamDescriptor>& streams);
  /// As `millrace state clear --stream`.
  Status ClearState(const StreamDescriptor& stream);

  /// Runs one attempt, as `millrace sync` would count it. With a kill point the process ends there.
  Result<SyncSummary> Sync(std::optional<KillPoint> kill);

  /// The states that the last Sync's source was told are saved.
  const std::vector<std::string>& acknowledged() const { return acknowledged_; }
  /// The state file's states, one a line, with the checkpoint's id in front.
  Result<std::vector<std::string>> SavedStates() const;

 private:
  SyncWorld(std::filesystem::path folder, std::unique_ptr<TablePlace> tables)
      : folder_(std::move(folder)), tables_(std::move(tables)) {}

  /// Counts the attempt and gives each stream its generation, as the command line does.
  Result<ConfiguredCatalog> BeginAttempt(SyncCounters& counters);

  std::filesystem::path folder_;
  std::unique_ptr<TablePlace> tables_;
  ConfiguredCatalog catalog_;
  SyncOptions options_;
  JsonValue format_;
  std::string deletion_ = "Hard delete";
  std::vector<Step> script_;
  std::vector<std::string> acknowledged_;
};

}  // namespace millrace::synctest
