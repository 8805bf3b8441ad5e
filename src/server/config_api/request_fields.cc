#include "server/config_api/request_fields.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

namespace millrace {
namespace {

int64_t IntegerOf(const Json& body, std::string_view field, int64_t value_default) {
  const auto found = body.find(field);
  return found != body.end() && found->is_number_integer() ? found->get<int64_t>() : value_default;
}

struct SharedField {
  std::string_view name;
  bool (*is_right)(const Json& value);
  std::string_view type;
};
bool IsText(const Json& value) { return value.is_string(); }
bool IsObject(const Json& value) { return value.is_object(); }
bool IsTexts(const Json& value) { return value.is_array() && std::ranges::all_of(value, IsText); }
bool IsWhole(const Json& value) { return value.is_number_integer(); }
bool IsCount(const Json& value) {
  constexpr int64_t kMost = std::numeric_limits<int32_t>::max();
  return value.is_number_integer() && value >= 0 && value <= kMost;
}

template <size_t size>
bool AreAll(const Json& value, const std::string_view (&known)[size]) {
  const auto is_known = [&](const Json& text) {
    return std::ranges::find(known, text.get_ref<const std::string&>()) != std::end(known);
  };
  return IsTexts(value) && std::ranges::all_of(value, is_known);
}
/// Airbyte's, whether jobs of that type are made here or not.
constexpr std::string_view kJobTypes[] = {"sync",
                                          "refresh",
                                          "clear",
                                          "reset_connection",
                                          "check_connection_source",
                                          "get_spec",
                                          "check_connection_destination",
                                          "discover_schema"};
constexpr std::string_view kJobStatuses[] = {"pending", "running",   "incomplete",
                                             "failed",  "succeeded", "cancelled"};
bool IsJobTypes(const Json& value) { return AreAll(value, kJobTypes); }
bool IsJobStatuses(const Json& value) { return AreAll(value, kJobStatuses); }

/// Airbyte's words for what happens to a connection: those with a result, and those without.
constexpr std::string_view kRuns[] = {"SYNC", "REFRESH", "CLEAR"};
constexpr std::string_view kResults[] = {"STARTED", "SUCCEEDED", "INCOMPLETE", "FAILED",
                                         "CANCELLED"};
constexpr std::string_view kEvents[] = {"CONNECTION_SETTINGS_UPDATE",
                                        "CONNECTION_ENABLED",
                                        "CONNECTION_DISABLED",
                                        "CONNECTION_DISABLED_WARNING",
                                        "CONNECTION_DELETE",
                                        "SCHEMA_UPDATE",
                                        "SCHEMA_CONFIG_UPDATE",
                                        "CONNECTOR_UPDATE",
                                        "MAPPING_CREATE",
                                        "MAPPING_UPDATE",
                                        "MAPPING_DELETE",
                                        "RUNNING_JOB",
                                        "UNKNOWN"};
bool IsEventType(const Json& value) {
  const std::string_view text = value.get_ref<const std::string&>();
  if (std::ranges::find(kEvents, text) != std::end(kEvents)) return true;
  const size_t end = text.find('_');
  return end != text.npos && std::ranges::find(kRuns, text.substr(0, end)) != std::end(kRuns) &&
         std::ranges::find(kResults, text.substr(end + 1)) != std::end(kResults);
}
bool IsEventTypes(const Json& value) {
  return IsTexts(value) && std::ranges::all_of(value, IsEventType);
}

constexpr SharedField kSharedFields[] = {
    {"workspaceId", IsText, "a text"},
    {"configId", IsText, "a text"},
    {"name", IsText, "a text"},
    {"statuses", IsJobStatuses,
     "a list of pending, running, incomplete, failed, succeeded, cancelled"},
    {"configTypes", IsJobTypes, "a list of sync, refresh, clear, reset_connection"},
    {"eventTypes", IsEventTypes, "a list of events' types, like SYNC_SUCCEEDED"},
    {"connectionIds", IsTexts, "a list of texts"},
    {"email", IsText, "a text"},
    {"actorDefinitionId", IsText, "a text"},
    {"actorType", IsText, "a text"},
    {"notificationSettings", IsObject, "an object"},
    {"includingJobId", IsWhole, "a whole number"},
    {"filters", IsObject, "an object"},
    {"pagination", IsObject, "an object"},
    {"pageSize", IsCount, "a whole number from 0 to 2147483647"},
    {"rowOffset", IsCount, "a whole number from 0 to 2147483647"},
};

/// Each text of a list is looked for: longer ones are no person's choice.
constexpr size_t kListMax = 10'000;

/// In the body itself and what it holds its filters in.
std::optional<WrongField> TooLongList(const Json& body) {
  for (const auto& [name, value] : body.items()) {
    if (name == "filters" && value.is_object()) {
      if (auto wrong = TooLongList(value)) return wrong;
    }
    if (!value.is_array() || value.size() <= kListMax) continue;
    if (std::ranges::any_of(value, IsText)) {
      return WrongField{
          name, fmt::format("{} has {} entries; it may have {}", name, value.size(), kListMax)};
    }
  }
  return std::nullopt;
}

bool HasNul(const std::string& text) { return text.find('\0') != std::string::npos; }

/// The path of the first text with the character U+0000, which databases cut texts at; put together
/// on the way back only. The body is 64 deep at most (JsonBodyOf).
std::optional<std::string> PathOfNul(const Json& json) {
  if (json.is_string()) {
    return HasNul(json.get_ref<const std::string&>()) ? std::optional<std::string>("")
                                                      : std::nullopt;
  }
  if (!json.is_structured()) return std::nullopt;
  for (const auto& [key, value] : json.items()) {
    if (HasNul(key)) return "";
    if (const auto rest = PathOfNul(value)) return rest->empty() ? key : key + "." + *rest;
  }
  return std::nullopt;
}

std::optional<WrongField> SharedFieldOfAnotherType(const Json& body) {
  for (const SharedField& field : kSharedFields) {
    const auto found = body.find(field.name);
    if (found == body.end() || found->is_null() || field.is_right(*found)) continue;
    return WrongField{std::string(field.name),
                      fmt::format("{} must be {}", field.name, field.type)};
  }
  const auto pagination = body.find("pagination");
  if (pagination == body.end() || !pagination->is_object()) return std::nullopt;
  return SharedFieldOfAnotherType(*pagination);
}

}  // namespace

std::optional<WrongField> WrongFieldOf(const Json& body) {
  if (auto path = PathOfNul(body)) {
    return WrongField{*path, fmt::format("{} has the character U+0000, which no text may have",
                                         path->empty() ? "a field's name" : *path)};
  }
  if (auto wrong = TooLongList(body)) return wrong;
  return SharedFieldOfAnotherType(body);
}

Page PageOf(const Json& body) {
  constexpr int64_t kDefault = 100;
  constexpr int64_t kMost = 1'000;
  const auto found = body.find("pagination");
  const Json& from = found != body.end() && found->is_object() ? *found : body;
  Page page;
  page.limit = std::clamp<int64_t>(IntegerOf(from, "pageSize", kDefault), 1, kMost);
  page.offset = std::max<int64_t>(IntegerOf(from, "rowOffset", 0), 0);
  return page;
}

Result<std::optional<Workspace>> WorkspaceOf(SqlTransaction& transaction, const Json& body) {
  const std::string id = TextOf(body, "workspaceId");
  if (id.empty() || id == "default") return DefaultWorkspace(transaction);
  return FindWorkspace(transaction, id);
}

}  // namespace millrace
