#include "control/store/workspaces.h"

#include <nlohmann/json.hpp>

namespace millrace {
namespace {

constexpr std::string_view kSelectWorkspaces =
    "SELECT id, name, slug, document, created_at, updated_at FROM workspace WHERE deleted = 0";

Workspace WorkspaceOf(const SqlRow& row) {
  return {row.Text(0),    row.Text(1),   row.Text(2), JsonValue(Json::parse(row.Text(3))),
          row.Integer(4), row.Integer(5)};
}

Result<std::vector<Workspace>> Select(SqlTransaction& transaction, std::string_view rest,
                                      const std::vector<SqlValue>& parameters) {
  MR_ASSIGN_OR_RETURN(const auto rows,
                      transaction.Query(fmt::format("{} {}", kSelectWorkspaces, rest), parameters));
  std::vector<Workspace> workspaces;
  for (const SqlRow& row : rows) workspaces.push_back(WorkspaceOf(row));
  return workspaces;
}

Result<std::optional<Workspace>> SelectOne(SqlTransaction& transaction, std::string_view rest,
                                           const std::vector<SqlValue>& parameters) {
  MR_ASSIGN_OR_RETURN(auto found, Select(transaction, rest, parameters));
  return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
}

}  // namespace

Result<std::optional<Workspace>> FindWorkspace(SqlTransaction& transaction, const std::string& id) {
  return SelectOne(transaction, "AND id = :1", {id});
}

Result<std::optional<Workspace>> FindWorkspaceBySlug(SqlTransaction& transaction,
                                                     const std::string& slug) {
  return SelectOne(transaction, "AND slug = :1", {slug});
}

Result<std::vector<Workspace>> ListWorkspaces(SqlTransaction& transaction, const Page& page) {
  return Select(transaction, "ORDER BY name, id LIMIT :1 OFFSET :2", {page.limit, page.offset});
}

Result<std::optional<Workspace>> DefaultWorkspace(SqlTransaction& transaction) {
  return SelectOne(transaction, "ORDER BY created_at, id LIMIT 1", {});
}

Status InsertWorkspace(SqlTransaction& transaction, const Workspace& workspace) {
  return transaction
      .Execute(
          "INSERT INTO workspace (id, name, slug, document, created_at, updated_at) "
          "VALUES (:1, :2, :3, :4, :5, :6)",
          {workspace.id, workspace.name, workspace.slug, workspace.document->dump(),
           workspace.created_at, workspace.updated_at})
      .status();
}

Status UpdateWorkspace(SqlTransaction& transaction, const Workspace& workspace) {
  return transaction
      .Execute(
          "UPDATE workspace SET name = :1, slug = :2, document = :3, updated_at = :4 "
          "WHERE id = :5 AND deleted = 0",
          {workspace.name, workspace.slug, workspace.document->dump(), workspace.updated_at,
           workspace.id})
      .status();
}

Status DeleteWorkspace(SqlTransaction& transaction, const std::string& id, int64_t now) {
  for (const char* sql :
       {"UPDATE connection SET deleted = 1, updated_at = :1 WHERE workspace_id = :2 AND deleted = "
        "0",
        "UPDATE actor SET deleted = 1, updated_at = :1 WHERE workspace_id = :2 AND deleted = 0",
        "UPDATE workspace SET deleted = 1, updated_at = :1 WHERE id = :2 AND deleted = 0"}) {
    MR_RETURN_IF_ERROR(transaction.Execute(sql, {now, id}).status());
  }
  return transaction.Execute("DELETE FROM builder_project WHERE workspace_id = :1", {id}).status();
}

}  // namespace millrace
