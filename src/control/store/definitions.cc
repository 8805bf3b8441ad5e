#include "control/store/definitions.h"

#include <nlohmann/json.hpp>

#include "control/store/sql_condition.h"

namespace millrace {
namespace {

constexpr std::string_view kSelectDefinitions =
    "SELECT id, workspace_id, kind, document, created_at FROM definition WHERE deleted = 0";

/// In the stored document, beside what the API has.
constexpr const char* kSpec = "spec";

CustomDefinition DefinitionOf(const SqlRow& row) {
  CustomDefinition definition;
  definition.id = row.Text(0);
  definition.workspace_id = row.Text(1);
  definition.kind = row.Text(2) == "source" ? ConnectorType::kSource : ConnectorType::kDestination;
  Json document = Json::parse(row.Text(3));
  if (const auto spec = document.find(kSpec); spec != document.end()) {
    definition.spec = JsonValue(*spec);
    document.erase(kSpec);
  }
  definition.document = std::move(document);
  definition.created_at = row.Integer(4);
  return definition;
}

std::string StoredText(const CustomDefinition& definition) {
  Json document = *definition.document;
  if (definition.spec) document[kSpec] = **definition.spec;
  return document.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

Result<std::optional<CustomDefinition>> FindCustomDefinition(SqlTransaction& transaction,
                                                             ConnectorType kind,
                                                             const std::string& id) {
  MR_ASSIGN_OR_RETURN(const auto rows, transaction.Query(fmt::format("{} AND kind = :1 AND id = :2",
                                                                     kSelectDefinitions),
                                                         {std::string(ToString(kind)), id}));
  return rows.empty() ? std::nullopt : std::optional(DefinitionOf(rows.front()));
}

Result<std::vector<CustomDefinition>> ListCustomDefinitions(SqlTransaction& transaction,
                                                            ConnectorType kind,
                                                            const std::string& workspace_id) {
  SqlCondition condition(transaction);
  condition.AndEqual("kind", std::string(ToString(kind)));
  condition.AndEqual("workspace_id", workspace_id);
  MR_ASSIGN_OR_RETURN(const auto rows,
                      transaction.Query(std::string(kSelectDefinitions) + condition.text() +
                                            " ORDER BY created_at, id",
                                        condition.parameters()));
  std::vector<CustomDefinition> definitions;
  for (const SqlRow& row : rows) definitions.push_back(DefinitionOf(row));
  return definitions;
}

Status InsertCustomDefinition(SqlTransaction& transaction, const CustomDefinition& definition) {
  return transaction
      .Execute(
          "INSERT INTO definition (id, workspace_id, kind, document, created_at) "
          "VALUES (:1, :2, :3, :4, :5)",
          {definition.id, definition.workspace_id, std::string(ToString(definition.kind)),
           StoredText(definition), definition.created_at})
      .status();
}

Status UpdateCustomDefinition(SqlTransaction& transaction, const CustomDefinition& definition) {
  return transaction
      .Execute("UPDATE definition SET document = :1 WHERE id = :2 AND deleted = 0",
               {StoredText(definition), definition.id})
      .status();
}

Status DeleteCustomDefinition(SqlTransaction& transaction, const std::string& id) {
  return transaction
      .Execute("UPDATE definition SET deleted = 1 WHERE id = :1 AND deleted = 0", {id})
      .status();
}

}  // namespace millrace
