#include "subprocess/process_table.h"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

namespace millrace {
namespace {

std::string ReadText(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

/// The number of kilobytes on the line that begins with `key`.
int64_t KilobytesOf(const std::string& text, std::string_view key) {
  const size_t at = text.find(key);
  return at == std::string::npos ? 0 : std::strtoll(text.c_str() + at + key.size(), nullptr, 10);
}

}  // namespace

std::optional<ProcessEntry> ReadProcess(pid_t pid) {
  const std::string text = ReadText(fmt::format("/proc/{}/stat", pid));
  // The program's name, in brackets, may hold anything.
  const size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(text.substr(name_end + 1));
  ProcessEntry entry;
  entry.pid = pid;
  int64_t skipped = 0;
  fields >> entry.state >> entry.parent >> entry.group >> entry.session;  // fields 3 to 6
  for (int field = 7; field < 22; ++field) fields >> skipped;
  fields >> entry.start_ticks;
  if (!fields) return std::nullopt;
  return entry;
}

std::vector<ProcessEntry> AllProcesses() {
  std::vector<ProcessEntry> found;
  std::error_code code;
  for (const auto& folder : std::filesystem::directory_iterator("/proc", code)) {
    const std::string name = folder.path().filename().string();
    pid_t pid = 0;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (parsed.ec != std::errc() || parsed.ptr != name.data() + name.size()) continue;
    if (const auto entry = ReadProcess(pid)) found.push_back(*entry);
  }
  return found;
}

std::vector<ProcessEntry> ProcessesUnder(pid_t leader) {
  std::vector<ProcessEntry> table = AllProcesses();
  std::set<pid_t> members;
  // A child may stand before its parent.
  for (size_t before = members.size() + 1; before != members.size();) {
    before = members.size();
    for (const ProcessEntry& entry : table) {
      if (entry.pid == leader || entry.session == leader || members.contains(entry.parent)) {
        members.insert(entry.pid);
      }
    }
  }
  std::erase_if(table, [&](const ProcessEntry& entry) { return !members.contains(entry.pid); });
  return table;
}

int64_t OwnMemory(pid_t pid) {
  const std::string text = ReadText(fmt::format("/proc/{}/status", pid));
  return (KilobytesOf(text, "RssAnon:") + KilobytesOf(text, "RssShmem:")) * 1024;
}

}  // namespace millrace
