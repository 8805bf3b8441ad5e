#pragma once

#include <string>
#include <vector>

#include "golden_file.h"
#include "sync_world.h"

namespace millrace::synctest {

/// Plays a golden file's commands in a world of its own and compares what came of them with the
/// blocks; collects the differences. With `update`, puts what came into the blocks instead.
class Runner {
 public:
  /// `place`: see OpenPlace.
  Runner(GoldenFile file, std::string place, std::filesystem::path program, bool update);
  ~Runner();

  /// True when everything was as expected.
  bool Run();
  /// In a child process: plays the settings before the command on line `line`, then its sync in
  /// `folder`, to be killed at `kill` (or not). The exit code: 0 succeeded.
  int RunChild(int line, const std::filesystem::path& folder, std::optional<KillPoint> kill);

 private:
  Status Apply(size_t index);
  Status ApplySetting(size_t index, const std::vector<std::string>& words);
  /// A new world in which everything that stands before the command has happened.
  Status Replay(size_t index);
  Status OpenWorld(std::filesystem::path folder);
  Status Sync(size_t index);
  Status SyncKilled(size_t index, const KillPoint& kill);
  /// A sync for every point where it can be killed, each followed by one that is not: whatever
  /// the point, the tables must be as if nothing had happened, and those that are overwritten
  /// whole in between. Leaves the world as it was.
  Status SyncKilledEverywhere(size_t index, const std::string& but);
  Status KillOnce(size_t index, const KillPoint& kill, bool* killed);
  Status Show(size_t index);
  void Expect(size_t index, const std::vector<std::string>& actual);
  Result<int> Spawn(size_t index, std::optional<KillPoint> kill);
  Result<std::vector<std::string>> AllRows() const;
  Status CheckTablesAreWhole(const std::vector<std::string>& before,
                             const std::vector<std::string>& after) const;

  GoldenFile file_;
  const std::string place_;
  const std::filesystem::path program_;
  const bool update_;
  const std::filesystem::path root_;
  std::unique_ptr<SyncWorld> world_;
  int worlds_ = 0;
  int failures_ = 0;
};

}  // namespace millrace::synctest
