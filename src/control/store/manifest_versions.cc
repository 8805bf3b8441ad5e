#include "control/store/manifest_versions.h"

#include <nlohmann/json.hpp>

namespace millrace {

Result<std::vector<ManifestVersion>> ListManifestVersions(SqlTransaction& transaction,
                                                          const std::string& definition_id) {
  MR_ASSIGN_OR_RETURN(
      const auto rows,
      transaction.Query("SELECT version, document, created_at FROM manifest_version "
                        "WHERE definition_id = :1 ORDER BY version",
                        {definition_id}));
  std::vector<ManifestVersion> versions;
  for (const SqlRow& row : rows) {
    versions.push_back(
        {definition_id, row.Integer(0), JsonValue(Json::parse(row.Text(1))), row.Integer(2)});
  }
  return versions;
}

Status PutManifestVersion(SqlTransaction& transaction, const ManifestVersion& version) {
  MR_RETURN_IF_ERROR(
      transaction
          .Execute("DELETE FROM manifest_version WHERE definition_id = :1 AND version = :2",
                   {version.definition_id, version.version})
          .status());
  return transaction
      .Execute(
          "INSERT INTO manifest_version (definition_id, version, document, created_at) "
          "VALUES (:1, :2, :3, :4)",
          {version.definition_id, version.version,
           version.document->dump(-1, ' ', false, Json::error_handler_t::replace),
           version.created_at})
      .status();
}

}  // namespace millrace
