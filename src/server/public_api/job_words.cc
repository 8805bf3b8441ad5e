#include "server/public_api/job_words.h"

#include <date/date.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <nlohmann/json.hpp>
#include <vector>

#include "server/http/json_body.h"

namespace millrace {
namespace {

struct JobTypeWords {
  std::string_view in_public;
  std::string_view in_config;
};
constexpr JobTypeWords kJobTypes[] = {
    {"sync", "sync"}, {"reset", "reset_connection"}, {"refresh", "refresh"}, {"clear", "clear"}};

bool IsOver(const std::string& status) {
  return status == "succeeded" || status == "failed" || status == "cancelled";
}

int64_t NumberOf(const Json& object, const char* field) {
  const auto found = object.find(field);
  return found != object.end() && found->is_number() ? found->get<int64_t>() : 0;
}

/// Takes `mark` and so many digits from the text's beginning.
bool Take(std::string_view* text, std::string_view mark, size_t digits, int* number) {
  if (!text->starts_with(mark)) return false;
  text->remove_prefix(mark.size());
  const auto [end, error] =
      std::from_chars(text->data(), text->data() + std::min(digits, text->size()), *number);
  const bool whole = error == std::errc() && *number >= 0 && end == text->data() + digits;
  if (whole) text->remove_prefix(digits);
  return whole;
}

/// "Z", "+01:00" or nothing, in minutes.
bool TakeZone(std::string_view* text, int* minutes) {
  *minutes = 0;
  if (text->empty()) return true;
  const char sign = text->front();
  text->remove_prefix(1);
  if (sign == 'Z' || sign == 'z') return true;
  int hours = 0;
  if (sign != '+' && sign != '-') return false;
  if (!Take(text, "", 2, &hours) || !Take(text, ":", 2, minutes)) return false;
  *minutes = (sign == '+' ? 1 : -1) * (hours * 60 + *minutes);
  return true;
}

}  // namespace

Json JobToPublic(const Json& job_with_attempts) {
  const Json job = job_with_attempts.value("job", Json::object());
  const std::string config_type = TextOf(job, "configType");
  const std::string status = TextOf(job, "status");
  std::string_view type = config_type;
  for (const JobTypeWords& words : kJobTypes) {
    if (words.in_config == config_type) type = words.in_public;
  }
  const int64_t created = NumberOf(job, "createdAt");
  const int64_t updated = NumberOf(job, "updatedAt");
  Json said{{"jobId", NumberOf(job, "id")},
            // Waiting jobs are pending: older clients fail at "queued".
            {"status", status == "queued" ? "pending" : status},
            {"jobType", type},
            {"startTime", TimeOfSeconds(created)},
            {"connectionId", TextOf(job, "configId")}};
  if (IsOver(status)) said["lastUpdatedAt"] = TimeOfSeconds(updated);
  said["duration"] = IsoDuration(std::max<int64_t>(0, updated - created));
  const Json stats = job.value("aggregatedStats", Json());
  const Json& counted = stats.is_object() ? stats : Json::object();
  said["bytesSynced"] = NumberOf(counted, "bytesCommitted");
  said["rowsSynced"] = NumberOf(counted, "recordsCommitted");
  return said;
}

std::vector<std::string> ConfigTypesOf(std::string_view job_type) {
  for (const JobTypeWords& words : kJobTypes) {
    if (words.in_public == job_type) return {std::string(words.in_config)};
  }
  return {};
}

std::string TimeOfSeconds(int64_t seconds) {
  return date::format("%Y-%m-%dT%H:%M:%SZ", date::sys_seconds(std::chrono::seconds(seconds)));
}

std::optional<int64_t> SecondsOf(std::string_view iso_time) {
  // By hand: the date library's parser makes this compiler warn.
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, zone = 0;
  std::string_view rest = iso_time;
  const bool dated =
      Take(&rest, "", 4, &year) && Take(&rest, "-", 2, &month) && Take(&rest, "-", 2, &day);
  if (!dated) return std::nullopt;
  if (!rest.empty()) {
    if (!Take(&rest, "T", 2, &hour) || !Take(&rest, ":", 2, &minute) ||
        !Take(&rest, ":", 2, &second)) {
      return std::nullopt;
    }
    if (rest.starts_with('.')) {
      rest.remove_prefix(std::min(rest.find_first_not_of("0123456789", 1), rest.size()));
    }
    if (!TakeZone(&rest, &zone)) return std::nullopt;
  }
  const auto date = date::year(year) / month / day;
  if (!rest.empty() || !date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  const auto time = date::sys_days(date) + std::chrono::hours(hour) +
                    std::chrono::minutes(minute - zone) + std::chrono::seconds(second);
  return time.time_since_epoch().count();
}

std::string IsoDuration(int64_t seconds) {
  std::string text = "PT";
  if (seconds >= 3600) text += fmt::format("{}H", seconds / 3600);
  if (seconds % 3600 >= 60) text += fmt::format("{}M", seconds % 3600 / 60);
  if (seconds % 60 > 0 || seconds == 0) text += fmt::format("{}S", seconds % 60);
  return text;
}

}  // namespace millrace
