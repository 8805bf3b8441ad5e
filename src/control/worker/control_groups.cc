#include "control/worker/control_groups.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <sstream>
#include <string>

#include "base/file_io.h"

namespace millrace {
namespace {

/// Kernel files take a value in one write, and are never made by it.
Status WriteValue(const std::filesystem::path& path, std::string_view value) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  const bool written =
      fd >= 0 && ::write(fd, value.data(), value.size()) == static_cast<ssize_t>(value.size());
  const int error_number = errno;
  if (fd >= 0) ::close(fd);
  return written ? Status::Ok() : ErrnoError(error_number, "setting " + path.string());
}

/// The number behind `key` on a line of its own; 0 when there is none.
int64_t CountIn(const std::filesystem::path& path, const std::string& key) {
  std::ifstream file(path);
  std::string name;
  for (int64_t count = 0; file >> name >> count;) {
    if (name == key) return count;
  }
  return 0;
}

/// Our group, as the file of memberships names it: the line "0::/path".
std::optional<std::filesystem::path> OursBelow(const std::filesystem::path& root,
                                               const std::filesystem::path& memberships) {
  std::ifstream file(memberships);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("0::/")) return root / line.substr(4);
  }
  return std::nullopt;
}

bool HasMemory(const std::filesystem::path& group) {
  std::ifstream file(group / "cgroup.controllers");
  for (std::string controller; file >> controller;) {
    if (controller == "memory") return true;
  }
  return false;
}

}  // namespace

std::optional<ControlGroups> ControlGroups::Find(const std::filesystem::path& root,
                                                 const std::filesystem::path& memberships) {
  const auto ours = OursBelow(root, memberships);
  if (!ours || !HasMemory(*ours)) return std::nullopt;
  // A group that has members can't pass controllers on: its only member, this process, moves down.
  const std::filesystem::path leaf = *ours / "millrace-server";
  if (::mkdir(leaf.c_str(), 0755) != 0 && errno != EEXIST) return std::nullopt;
  if (WriteValue(leaf / "cgroup.procs", "0").ok()) {
    if (WriteValue(*ours / "cgroup.subtree_control", "+memory +cpu").ok()) {
      return ControlGroups(*ours);
    }
    (void)WriteValue(*ours / "cgroup.procs", "0").ok();
  }
  ::rmdir(leaf.c_str());
  return std::nullopt;
}

Result<std::filesystem::path> ControlGroups::Make(const std::string& name,
                                                  const ResourceLimits& limits) const {
  const std::filesystem::path group = ours_ / name;
  Remove(group);
  if (::mkdir(group.c_str(), 0755) != 0 && errno != EEXIST) {
    return ErrnoError(errno, "making the control group " + group.string());
  }
  if (limits.memory_bytes > 0) {
    MR_RETURN_IF_ERROR(WriteValue(group / "memory.max", std::to_string(limits.memory_bytes)));
    // One process that is killed takes the others with it. Machines without swap have no such file.
    MR_RETURN_IF_ERROR(WriteValue(group / "memory.oom.group", "1"));
    (void)WriteValue(group / "memory.swap.max", "0").ok();
  }
  if (limits.cpu_millicores > 0) {
    // Microseconds of each 100,000; the kernel takes no fewer than 1,000.
    const int64_t quota = std::max<int64_t>(limits.cpu_millicores * 100, 1'000);
    MR_RETURN_IF_ERROR(WriteValue(group / "cpu.max", fmt::format("{} 100000", quota)));
  }
  return group;
}

int64_t ControlGroups::OutOfMemoryKills(const std::filesystem::path& group) {
  return CountIn(group / "memory.events", "oom_kill");
}

int64_t ControlGroups::OutOfMemoryKillsOfMachine() { return CountIn("/proc/vmstat", "oom_kill"); }

int64_t ControlGroups::PeakBytes(const std::filesystem::path& group) {
  std::ifstream file(group / "memory.peak");
  int64_t bytes = 0;
  return file >> bytes ? bytes : 0;
}

void ControlGroups::Remove(const std::filesystem::path& group) { ::rmdir(group.c_str()); }

}  // namespace millrace
