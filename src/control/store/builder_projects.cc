#include "control/store/builder_projects.h"

#include <nlohmann/json.hpp>

namespace millrace {
namespace {

constexpr std::string_view kSelectProjects =
    "SELECT id, workspace_id, name, definition_id, document, testing_values, created_at, "
    "updated_at FROM builder_project";

BuilderProject BuilderProjectOf(const SqlRow& row) {
  BuilderProject project;
  project.id = row.Text(0);
  project.workspace_id = row.Text(1);
  project.name = row.Text(2);
  if (!row.IsNull(3)) project.definition_id = row.Text(3);
  project.document = Json::parse(row.Text(4));
  project.sealed_testing_values = row.Text(5);
  project.created_at = row.Integer(6);
  project.updated_at = row.Integer(7);
  return project;
}

SqlValue DefinitionIdOf(const BuilderProject& project) {
  return project.definition_id.empty() ? SqlValue() : SqlValue(project.definition_id);
}

std::string DocumentTextOf(const BuilderProject& project) {
  return project.document->dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

Result<std::optional<BuilderProject>> FindBuilderProject(SqlTransaction& transaction,
                                                         const std::string& workspace_id,
                                                         const std::string& id) {
  MR_ASSIGN_OR_RETURN(const auto rows, transaction.Query(std::string(kSelectProjects) +
                                                             " WHERE workspace_id = :1 AND id = :2",
                                                         {workspace_id, id}));
  return rows.empty() ? std::nullopt : std::optional(BuilderProjectOf(rows.front()));
}

Result<std::optional<BuilderProject>> FindBuilderProjectOf(SqlTransaction& transaction,
                                                           const std::string& definition_id) {
  MR_ASSIGN_OR_RETURN(
      const auto rows,
      transaction.Query(std::string(kSelectProjects) + " WHERE definition_id = :1 ORDER BY id",
                        {definition_id}));
  return rows.empty() ? std::nullopt : std::optional(BuilderProjectOf(rows.front()));
}

Result<std::vector<BuilderProject>> ListBuilderProjects(SqlTransaction& transaction,
                                                        const std::string& workspace_id) {
  MR_ASSIGN_OR_RETURN(
      const auto rows,
      transaction.Query(std::string(kSelectProjects) + " WHERE workspace_id = :1 ORDER BY name, id",
                        {workspace_id}));
  std::vector<BuilderProject> projects;
  for (const SqlRow& row : rows) projects.push_back(BuilderProjectOf(row));
  return projects;
}

Status InsertBuilderProject(SqlTransaction& transaction, const BuilderProject& project) {
  return transaction
      .Execute(
          "INSERT INTO builder_project (id, workspace_id, name, definition_id, document, "
          "testing_values, created_at, updated_at) VALUES (:1, :2, :3, :4, :5, :6, :7, :8)",
          {project.id, project.workspace_id, project.name, DefinitionIdOf(project),
           DocumentTextOf(project), project.sealed_testing_values, project.created_at,
           project.updated_at})
      .status();
}

Status UpdateBuilderProject(SqlTransaction& transaction, const BuilderProject& project) {
  return transaction
      .Execute(
          "UPDATE builder_project SET name = :1, definition_id = :2, document = :3, "
          "testing_values = :4, updated_at = :5 WHERE id = :6",
          {project.name, DefinitionIdOf(project), DocumentTextOf(project),
           project.sealed_testing_values, project.updated_at, project.id})
      .status();
}

Status DeleteBuilderProject(SqlTransaction& transaction, const std::string& id) {
  return transaction.Execute("DELETE FROM builder_project WHERE id = :1", {id}).status();
}

}  // namespace millrace
