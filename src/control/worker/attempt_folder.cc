#include "control/worker/attempt_folder.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <system_error>

#include "base/file_io.h"

namespace millrace {
namespace {

constexpr auto kRecordName = "attempt.json";

}  // namespace

AttemptFolder AttemptFolder::Of(const std::filesystem::path& attempts, AttemptId id) {
  return AttemptFolder(attempts / id.ToString(), id);
}

Result<AttemptFolder> AttemptFolder::Make(const std::filesystem::path& attempts, AttemptId id) {
  AttemptFolder folder = Of(attempts, id);
  for (const auto& path : {folder.path_, folder.temporary()}) {
    if (::mkdir(path.c_str(), 0700) == 0) continue;
    if (errno == EEXIST) return SystemError("the attempt {} was started before", id.ToString());
    return ErrnoError(errno, "making " + path.string());
  }
  return folder;
}

Result<std::vector<AttemptId>> AttemptFolder::List(const std::filesystem::path& attempts) {
  std::vector<AttemptId> ids;
  std::error_code code;
  for (const auto& entry : std::filesystem::directory_iterator(attempts, code)) {
    const std::string name = entry.path().filename().string();
    long long job = 0, number = 0;
    const bool named = std::sscanf(name.c_str(), "%lld-%lld", &job, &number) == 2;
    const AttemptId id{job, number};
    if (named && id.ToString() == name) ids.push_back(id);
  }
  if (code) return ErrnoError(code.value(), "listing " + attempts.string());
  std::sort(ids.begin(), ids.end());
  return ids;
}

Status AttemptFolder::Save(const AttemptRecord& record) const {
  const Json json{{"token", record.token},
                  {"pid", record.process.pid},
                  {"start_ticks", record.process.start_ticks},
                  {"boot_id", record.process.boot_id},
                  {"memory_bytes", record.limits.memory_bytes},
                  {"cpu_millicores", record.limits.cpu_millicores},
                  {"control_group", record.control_group.string()},
                  {"out_of_memory_kills", record.out_of_memory_kills}};
  return WriteFileAtomically(path_ / kRecordName, json.dump(), 0600);
}

Result<AttemptRecord> AttemptFolder::Load() const {
  AttemptRecord record;
  record.id = id_;
  std::error_code code;
  if (!std::filesystem::exists(path_, code)) {
    return ConfigError("there is no attempt {} here", id_.ToString());
  }
  if (!std::filesystem::exists(path_ / kRecordName, code)) return record;
  MR_ASSIGN_OR_RETURN(const std::string text, ReadFile(path_ / kRecordName));
  try {
    const Json json = Json::parse(text);
    record.token = json.at("token").get<std::string>();
    record.process = {json.at("pid").get<pid_t>(), json.at("start_ticks").get<int64_t>(),
                      json.at("boot_id").get<std::string>()};
    record.limits = {json.at("memory_bytes").get<int64_t>(),
                     json.at("cpu_millicores").get<int64_t>()};
    record.control_group = json.at("control_group").get<std::string>();
    record.out_of_memory_kills = json.at("out_of_memory_kills").get<int64_t>();
  } catch (const Json::exception& error) {
    return SystemError("{} is no attempt's record: {}", (path_ / kRecordName).string(),
                       error.what());
  }
  return record;
}

std::string AttemptFolder::LastWords() const {
  constexpr std::streamoff kBytesMost = 2048;
  std::ifstream file(output(), std::ios::binary | std::ios::ate);
  if (!file) return {};
  const std::streamoff size = file.tellg();
  file.seekg(std::max<std::streamoff>(0, size - kBytesMost));
  std::string words(static_cast<size_t>(std::min(size, kBytesMost)), '\0');
  file.read(words.data(), static_cast<std::streamsize>(words.size()));
  words.resize(static_cast<size_t>(file.gcount()));
  return words;
}

void AttemptFolder::Remove() const {
  std::error_code ignored;  // what is left is found, and removed, at the next start
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace millrace
