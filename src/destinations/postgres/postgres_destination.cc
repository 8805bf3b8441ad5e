#include "destinations/postgres/postgres_destination.h"

#include <nlohmann/json.hpp>

#include "base/uuid.h"
#include "destinations/postgres/destination_connections.h"
#include "destinations/postgres/existing_table.h"
#include "destinations/postgres/postgres_load.h"
#include "destinations/postgres/table_scan.h"

namespace millrace {
namespace {

class PostgresDestination : public ReadableDestination {
 public:
  explicit PostgresDestination(PostgresDestinationConfig config) : config_(std::move(config)) {}

  Status Check() override {
    MR_ASSIGN_OR_RETURN(const auto connection, DestinationConnections::Connect(config_.connection));
    // All in a transaction that is rolled back: nothing stays, whatever happens.
    MR_RETURN_IF_ERROR(connection->Execute("BEGIN"));
    Status status;
    for (const std::string& schema : {config_.schema, config_.internal_schema}) {
      if (status.ok()) status = ProbeSchema(*connection, schema);
    }
    if (!status.ok()) return status;
    return connection->Execute("ROLLBACK");
  }

  Result<std::unique_ptr<Load>> OpenLoad(const ConfiguredCatalog& catalog,
                                         const LoadContext& context,
                                         CommitListener& listener) override {
    return OpenPostgresLoad(config_, catalog, context, listener);
  }

  Result<std::unique_ptr<TableScan>> Scan(const ConfiguredStream& stream,
                                          const std::vector<std::string>& columns) override {
    return ScanTable(config_.connection, TableOf(stream, config_), columns);
  }

 private:
  static Status ProbeSchema(PgConnection& connection, const std::string& schema) {
    const std::string context = "checking the schema " + schema;
    MR_RETURN_IF_ERROR(EnsureSchema(connection, schema).WithContext(context));
    const TableName probe{schema, "_millrace_check_" + RandomUuid().substr(0, 13)};
    MR_RETURN_IF_ERROR(connection
                           .Execute(fmt::format("CREATE TABLE {0} (id bigint); INSERT INTO {0} "
                                                "VALUES (1)",
                                                probe.Sql()))
                           .WithContext(context));
    auto rows = connection.Query("SELECT id FROM " + probe.Sql());
    if (!rows.ok()) return rows.status().WithContext(context);
    if (rows->num_rows() != 1 || rows->Int(0, 0) != 1) {
      return SystemError("{}: the server returned something else than was written", context);
    }
    return connection.Execute("DROP TABLE " + probe.Sql()).WithContext(context);
  }

  const PostgresDestinationConfig config_;
};

}  // namespace

Result<std::unique_ptr<Destination>> MakePostgresDestination(const Json& config) {
  MR_ASSIGN_OR_RETURN(PostgresDestinationConfig parsed, PostgresDestinationConfigFromJson(config));
  return std::unique_ptr<Destination>(std::make_unique<PostgresDestination>(std::move(parsed)));
}

}  // namespace millrace
