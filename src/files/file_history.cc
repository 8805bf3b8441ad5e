#include "files/file_history.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>

#include "formats/iso_time.h"

namespace millrace {
namespace {

constexpr const char* kHistory = "history";
constexpr const char* kCursor = "_ab_source_file_last_modified";
constexpr const char* kMigratedFrom = "v3_min_sync_date";
/// What a state of before version 4 may have missed.
constexpr auto kMigrationOverlap = std::chrono::hours(1);

std::optional<WallTime> ParseTime(const Json& value) {
  if (!value.is_string()) return std::nullopt;
  const auto time = ParseIsoTimestamp(value.get_ref<const std::string&>());
  if (!time) return std::nullopt;
  return WallTime(std::chrono::microseconds(time->micros));
}

Status Unknown(const Json& state) {
  return ConfigError(
      "the state is not one of a file-based source ({{\"history\": {{file: time}}}}): {}; clear it "
      "to read every file again",
      state.dump().substr(0, 200));
}

}  // namespace

std::string FileTimeText(WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

Status FileHistory::Load(const Json& state) {
  if (!state.is_object()) return Unknown(state);
  const auto history = state.find(kHistory);
  if (history == state.end()) return Status::Ok();  // a full refresh's marker, or nothing yet
  if (!history->is_object()) return Unknown(state);
  const bool legacy = std::any_of(history->begin(), history->end(),
                                  [](const Json& value) { return value.is_array(); });
  if (legacy) {
    const auto cursor = state.find(kCursor);
    MR_RETURN_IF_ERROR(LoadLegacy(*history, cursor == state.end() ? Json() : *cursor));
  } else {
    for (const auto& [key, value] : history->items()) {
      const std::optional<WallTime> time = ParseTime(value);
      if (!time) return Unknown(state);
      Add(key, *time);
    }
    if (const auto from = state.find(kMigratedFrom); from != state.end() && !from->is_null()) {
      const std::optional<WallTime> time = ParseTime(*from);
      if (!time) return Unknown(state);
      migrated_ = true;
      migrated_from_ = *time;
    }
  }
  full_loaded_ = full();
  if (!by_age_.empty()) oldest_loaded_ = *by_age_.begin();
  return Status::Ok();
}

Status FileHistory::LoadLegacy(const Json& history, const Json& cursor_value) {
  const std::optional<WallTime> cursor = ParseTime(cursor_value);
  if (!cursor) return Unknown(history);
  const auto cursor_day = std::chrono::floor<std::chrono::days>(*cursor);
  for (const auto& [day_text, keys] : history.items()) {
    const std::optional<int32_t> days = ParseIsoDate(day_text);
    if (!days || !keys.is_array()) return Unknown(history);
    const auto day = std::chrono::sys_days(std::chrono::days(*days));
    // The state knew the day only: as late in it as can be, but never past the cursor's time.
    WallTime time = day + std::chrono::hours(24) - std::chrono::seconds(1);
    if (day == cursor_day) time = *cursor;
    if (day > cursor_day) time = day;
    for (const Json& key : keys) {
      if (!key.is_string()) return Unknown(history);
      const std::string& name = key.get_ref<const std::string&>();
      const auto known = files_.find(name);
      if (known == files_.end() || known->second < time) Add(name, time);
    }
  }
  migrated_ = migrating_ = true;
  migrated_from_ = *cursor - kMigrationOverlap;
  return Status::Ok();
}

bool FileHistory::Wants(const ObjectInfo& file) const {
  if (migrated_ && file.last_modified < migrated_from_) return false;
  if (migrating_) return true;
  if (const auto known = files_.find(file.key); known != files_.end()) {
    if (file.last_modified == known->second) return false;
    if (file.last_modified > known->second) return true;
    // Older than what was read under this name: another file was put in its place.
  }
  if (!full_loaded_) return true;
  const Entry entry{file.last_modified, file.key};
  if (file.last_modified >= oldest_loaded_.first) return entry > oldest_loaded_;
  return file.last_modified >= now_ - std::chrono::days(days_);
}

void FileHistory::Add(const std::string& key, WallTime modified) {
  const auto [known, added] = files_.try_emplace(key, modified);
  if (!added) {
    by_age_.erase({known->second, key});
    known->second = modified;
  }
  by_age_.insert({modified, key});
  if (files_.size() <= kFilesMax) return;
  const Entry oldest = *by_age_.begin();
  files_.erase(oldest.second);
  by_age_.erase(by_age_.begin());
}

Json FileHistory::ToState() const {
  Json history = Json::object();
  // Appended without a search for the key, which would cost as much as there are keys.
  auto& entries = history.get_ref<Json::object_t&>();
  entries.reserve(files_.size());
  for (const auto& [key, time] : files_) entries.emplace_back(key, FileTimeText(time));
  Json state{{kHistory, std::move(history)}};
  if (by_age_.empty()) {
    state[kCursor] = nullptr;
  } else {
    const Entry& newest = *by_age_.rbegin();
    state[kCursor] = fmt::format("{}_{}", FileTimeText(newest.first), newest.second);
  }
  if (migrated_) state[kMigratedFrom] = FileTimeText(migrated_from_);
  return state;
}

}  // namespace millrace
