#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "pipeline/run_sync.h"
#include "protocol/json_field.h"
#include "script.h"

namespace millrace::synctest {

/// Where a sync is killed by SIGKILL: at the n-th time that it gets there.
struct KillPoint {
  enum class Place { kBeforeSave, kAfterSave, kBeforeFinish, kAfterFinish };
  Place place = Place::kBeforeSave;
  int nth = 1;
};

/// One connection of a golden file: its settings, and a folder that holds all that outlives a
/// sync: the lake, the state file, the generations. The product's pipeline, destination and state
/// file at work; only the source is scripted.
class SyncWorld {
 public:
  explicit SyncWorld(std::filesystem::path folder) : folder_(std::move(folder)) {}

  const std::filesystem::path& folder() const { return folder_; }
  void MoveTo(std::filesystem::path folder) { folder_ = std::move(folder); }
  std::filesystem::path TableFolder(const StreamDescriptor& stream) const;
  const ConfiguredCatalog& catalog() const { return catalog_; }

  /// `option KEY VALUE` and `stream NAME MODE …`, by their words.
  Status SetOption(const std::vector<std::string>& words);
  Status AddStream(const std::vector<std::string>& words);
  void SetScript(std::vector<Step> script, bool continues);

  /// Runs one attempt, as `millrace sync` would count it. With a kill point the process ends there.
  Result<SyncSummary> Sync(std::optional<KillPoint> kill);

  /// The states that the last Sync's source was told are saved.
  const std::vector<std::string>& acknowledged() const { return acknowledged_; }
  /// The state file's states, one a line, with the checkpoint's id in front.
  Result<std::vector<std::string>> SavedStates() const;

 private:
  /// Counts the attempt and gives each stream its generation, as the command line does.
  Result<ConfiguredCatalog> BeginAttempt(int64_t* attempt);
  Status EndAttempt(bool clean);

  std::filesystem::path folder_;
  ConfiguredCatalog catalog_;
  SyncOptions options_;
  JsonValue format_;
  std::vector<Step> script_;
  std::vector<std::string> acknowledged_;
};

}  // namespace millrace::synctest
