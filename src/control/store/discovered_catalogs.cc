#include "control/store/discovered_catalogs.h"

#include <nlohmann/json.hpp>

#include "control/store/sql_condition.h"

namespace millrace {
namespace {

constexpr int64_t kKeptMax = 100;
constexpr std::string_view kSelectCatalogs =
    "SELECT id, source_id, configuration_hash, catalog, created_at FROM discovered_catalog WHERE ";

std::optional<DiscoveredCatalog> FirstOf(const std::vector<SqlRow>& rows) {
  if (rows.empty()) return std::nullopt;
  const SqlRow& row = rows.front();
  return DiscoveredCatalog{row.Text(0), row.Text(1), row.Text(2), Json::parse(row.Text(3)),
                           row.Integer(4)};
}

}  // namespace

Result<std::optional<DiscoveredCatalog>> FindDiscoveredCatalog(SqlTransaction& transaction,
                                                               const std::string& id) {
  MR_ASSIGN_OR_RETURN(const auto rows,
                      transaction.Query(fmt::format("{}id = :1", kSelectCatalogs), {id}));
  return FirstOf(rows);
}

Result<std::optional<DiscoveredCatalog>> LatestDiscoveredCatalog(
    SqlTransaction& transaction, const std::string& source_id,
    const std::string& configuration_hash) {
  SqlCondition condition(transaction);
  condition.AndEqual("source_id", source_id);
  condition.AndEqual("configuration_hash", configuration_hash);
  MR_ASSIGN_OR_RETURN(
      const auto rows,
      transaction.Query(fmt::format("{}1 = 1{} ORDER BY created_at DESC, id LIMIT 1",
                                    kSelectCatalogs, condition.text()),
                        condition.parameters()));
  return FirstOf(rows);
}

Status InsertDiscoveredCatalog(SqlTransaction& transaction, const DiscoveredCatalog& catalog) {
  MR_RETURN_IF_ERROR(
      transaction
          .Execute("INSERT INTO discovered_catalog (id, source_id, configuration_hash, catalog, "
                   "created_at) VALUES (:1, :2, :3, :4, :5)",
                   {catalog.id, catalog.source_id, catalog.configuration_hash,
                    catalog.catalog->dump(), catalog.created_at})
          .status());
  return transaction
      .Execute(
          "DELETE FROM discovered_catalog WHERE source_id = :1 AND id NOT IN (SELECT id FROM "
          "discovered_catalog WHERE source_id = :2 ORDER BY created_at DESC, id LIMIT :3)",
          {catalog.source_id, catalog.source_id, kKeptMax})
      .status();
}

}  // namespace millrace
