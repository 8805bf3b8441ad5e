#include "control/store/tags.h"

#include "control/store/sql_condition.h"

namespace millrace {
namespace {

Tag TagOf(const SqlRow& row, size_t first = 0) {
  return {row.Text(first), row.Text(first + 1), row.Text(first + 2), row.Text(first + 3)};
}

}  // namespace

Result<std::optional<Tag>> FindTag(SqlTransaction& transaction, const std::string& id) {
  MR_ASSIGN_OR_RETURN(
      const auto rows,
      transaction.Query("SELECT id, workspace_id, name, color FROM tag WHERE id = :1", {id}));
  return rows.empty() ? std::nullopt : std::optional(TagOf(rows.front()));
}

Result<std::vector<Tag>> ListTags(SqlTransaction& transaction,
                                  const std::vector<std::string>& workspace_ids) {
  SqlCondition condition(transaction);
  condition.AndIn("workspace_id", workspace_ids);
  MR_ASSIGN_OR_RETURN(
      const auto rows,
      transaction.Query("SELECT id, workspace_id, name, color FROM tag WHERE 1 = 1" +
                            condition.text() + " ORDER BY name, id",
                        condition.parameters()));
  std::vector<Tag> tags;
  for (const SqlRow& row : rows) tags.push_back(TagOf(row));
  return tags;
}

Status InsertTag(SqlTransaction& transaction, const Tag& tag) {
  return transaction
      .Execute("INSERT INTO tag (id, workspace_id, name, color) VALUES (:1, :2, :3, :4)",
               {tag.id, tag.workspace_id, tag.name, tag.color})
      .status();
}

Status UpdateTag(SqlTransaction& transaction, const Tag& tag) {
  return transaction
      .Execute("UPDATE tag SET name = :1, color = :2 WHERE id = :3", {tag.name, tag.color, tag.id})
      .status();
}

Status DeleteTag(SqlTransaction& transaction, const std::string& id) {
  MR_RETURN_IF_ERROR(
      transaction.Execute("DELETE FROM connection_tag WHERE tag_id = :1", {id}).status());
  return transaction.Execute("DELETE FROM tag WHERE id = :1", {id}).status();
}

Result<std::map<std::string, std::vector<Tag>>> TagsOfConnections(
    SqlTransaction& transaction, const std::vector<std::string>& connection_ids) {
  std::map<std::string, std::vector<Tag>> tags;
  if (connection_ids.empty()) return tags;
  SqlCondition condition(transaction);
  condition.AndIn("connection_tag.connection_id", connection_ids);
  MR_ASSIGN_OR_RETURN(
      const auto rows,
      transaction.Query("SELECT connection_tag.connection_id, tag.id, tag.workspace_id, tag.name, "
                        "tag.color FROM connection_tag JOIN tag ON tag.id = connection_tag.tag_id "
                        "WHERE 1 = 1" +
                            condition.text() + " ORDER BY tag.name, tag.id",
                        condition.parameters()));
  for (const SqlRow& row : rows) tags[row.Text(0)].push_back(TagOf(row, 1));
  return tags;
}

Status SetTagsOfConnection(SqlTransaction& transaction, const std::string& connection_id,
                           const std::vector<std::string>& tag_ids) {
  MR_RETURN_IF_ERROR(
      transaction.Execute("DELETE FROM connection_tag WHERE connection_id = :1", {connection_id})
          .status());
  for (const std::string& tag_id : tag_ids) {
    MR_RETURN_IF_ERROR(
        transaction
            .Execute("INSERT INTO connection_tag (connection_id, tag_id) VALUES (:1, :2)",
                     {connection_id, tag_id})
            .status());
  }
  return Status::Ok();
}

}  // namespace millrace
