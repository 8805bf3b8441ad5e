#include "control/worker/limit_keeper.h"

#include <fmt/format.h>

namespace millrace {
namespace {

std::string InMebibytes(int64_t bytes) { return fmt::format("{} MiB", (bytes + (1 << 19)) >> 20); }

}  // namespace

std::optional<Status> MemoryEvidence::OverLimit(std::string_view what_to_raise) const {
  const bool by_watchdog = watch && watch->killed_at_bytes() > 0;
  const bool by_kernel = !group.empty() && ControlGroups::OutOfMemoryKills(group) > 0;
  if (!by_watchdog && !by_kernel) return std::nullopt;
  const int64_t used = by_watchdog ? watch->killed_at_bytes() : ControlGroups::PeakBytes(group);
  return TransientError("killed because it used more than its limit of {}{}; raise it with {}",
                        InMebibytes(limit_bytes),
                        used > limit_bytes ? fmt::format(" ({} used)", InMebibytes(used)) : "",
                        what_to_raise);
}

std::optional<Status> MemoryEvidence::MachineRanOut() const {
  if (ControlGroups::OutOfMemoryKillsOfMachine() <= machine_kills_before) return std::nullopt;
  return TransientError(
      "killed, as it seems because the machine had no memory left: a process was while it ran; "
      "nothing that was saved is lost");
}

std::string LimitKeeper::InWords() const {
  return groups_
             ? "control groups hold attempts, checks and discoveries to their limits of memory and "
               "processor time"
             : "this process may not make control groups: a watchdog kills attempts, checks and "
               "discoveries beyond their limit of memory, and limits of processor time bound their "
               "threads only";
}

Result<std::filesystem::path> LimitKeeper::MakeGroup(const std::string& name,
                                                     const ResourceLimits& limits) const {
  const bool limited = limits.memory_bytes > 0 || limits.cpu_millicores > 0;
  if (!groups_ || !limited) return std::filesystem::path();
  return groups_->Make(name, limits);
}

std::shared_ptr<const MemoryWatchdog::Watch> LimitKeeper::Watch(const ProcessIdentity& leader,
                                                                const std::filesystem::path& group,
                                                                const ResourceLimits& limits) {
  if (!group.empty() || limits.memory_bytes <= 0) return nullptr;
  return watchdog_.Begin(leader, limits.memory_bytes);
}

}  // namespace millrace
