#include "server/config_api/request_fields.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace millrace {
namespace {

int64_t IntegerOf(const Json& body, std::string_view field, int64_t value_default) {
  const auto found = body.find(field);
  return found != body.end() && found->is_number_integer() ? found->get<int64_t>() : value_default;
}

}  // namespace

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
