#include "server/config_api/request_fields.h"

#include <algorithm>
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

constexpr SharedField kSharedFields[] = {
    {"workspaceId", IsText, "a text"},
    {"configId", IsText, "a text"},
    {"name", IsText, "a text"},
    {"statuses", IsTexts, "a list of texts"},
    {"configTypes", IsTexts, "a list of texts"},
    {"connectionIds", IsTexts, "a list of texts"},
    {"email", IsText, "a text"},
    {"actorDefinitionId", IsText, "a text"},
    {"actorType", IsText, "a text"},
    {"notificationSettings", IsObject, "an object"},
    {"includingJobId", IsWhole, "a whole number"},
    {"filters", IsObject, "an object"},
    {"pagination", IsObject, "an object"},
    {"pageSize", IsWhole, "a whole number"},
    {"rowOffset", IsWhole, "a whole number"},
};

}  // namespace

std::optional<WrongField> FieldOfAnotherType(const Json& body) {
  for (const SharedField& field : kSharedFields) {
    const auto found = body.find(field.name);
    if (found == body.end() || found->is_null() || field.is_right(*found)) continue;
    return WrongField{std::string(field.name),
                      fmt::format("{} must be {}", field.name, field.type)};
  }
  const auto pagination = body.find("pagination");
  if (pagination == body.end() || !pagination->is_object()) return std::nullopt;
  return FieldOfAnotherType(*pagination);
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
