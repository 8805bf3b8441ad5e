#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "attempt/start_document.h"
#include "base/result.h"

namespace millrace {

/// Groups of the kernel (cgroup v2) that hold attempts to their limits: below our own group, where
/// that was delegated to us. A plain value; thread-safe.
class ControlGroups {
 public:
  /// Moves this process into a group of its own within ours, so that others can be made beside it.
  /// Empty where that can't be done: no cgroup v2, not delegated, or other processes in our group.
  /// `root` is where groups are mounted, `memberships` the file that says which is ours.
  static std::optional<ControlGroups> Find(
      const std::filesystem::path& root = "/sys/fs/cgroup",
      const std::filesystem::path& memberships = "/proc/self/cgroup");

  /// Makes a group with its limits; a process joins by writing to its cgroup.procs. An empty one
  /// that an earlier process left is made anew: nothing is counted in it yet.
  Result<std::filesystem::path> Make(const std::string& name, const ResourceLimits& limits) const;

  /// How many processes of the group the kernel killed because its memory was used up.
  static int64_t OutOfMemoryKills(const std::filesystem::path& group);
  /// How many the kernel killed on the whole machine, for whatever reason of memory.
  static int64_t OutOfMemoryKillsOfMachine();
  /// The most memory that the group used; 0: not known.
  static int64_t PeakBytes(const std::filesystem::path& group);
  /// Its processes have ended.
  static void Remove(const std::filesystem::path& group);

 private:
  explicit ControlGroups(std::filesystem::path ours) : ours_(std::move(ours)) {}

  std::filesystem::path ours_;
};

}  // namespace millrace
