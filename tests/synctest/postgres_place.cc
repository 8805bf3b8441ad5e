#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>

#include "clients/postgres/pg_connection.h"
#include "clients/postgres/sql_text.h"
#include "clients/postgres/testing/temporary_server.h"
#include "destinations/postgres/postgres_destination.h"
#include "table_place.h"

namespace millrace::synctest {
namespace {

PgOptions Options(const std::string& database) {
  PgOptions options;
  options.host = "127.0.0.1";
  options.port = std::atoi(std::getenv("MILLRACE_TEST_PG_PORT"));
  options.database = database;
  options.user = "admin";
  options.password = TemporaryServer::kPassword;
  return options;
}

/// PostgreSQL's text of a row in the form that the files' reader gives: times in UTC as "…Z", ids
/// checked and hidden.
std::string RowText(const std::string& json, std::set<std::string>* ids) {
  static const std::regex kUtc(R"((\d\d:\d\d:\d\d(?:\.\d+)?)\+00:00")");
  const auto row = nlohmann::ordered_json::parse(std::regex_replace(json, kUtc, "$1Z\""));
  std::string text;
  for (const auto& [column, value] : row.items()) {
    std::string shown = value.dump();
    if (column == "_airbyte_raw_id" || column == "_airbyte_ab_id") {
      shown = ids->insert(shown).second ? "(id)" : "(an id that another row has)";
    }
    text += fmt::format("{}\"{}\": {}", text.empty() ? "" : ", ", column, shown);
  }
  return "{" + text + "}";
}

/// A database of the world's own. A namespace is a schema, a stream a table.
class PostgresPlace : public TablePlace {
 public:
  PostgresPlace(std::unique_ptr<PgConnection> connection, std::string database)
      : connection_(std::move(connection)), database_(std::move(database)) {}

  Result<std::unique_ptr<Destination>> MakeDestination(const Json& format,
                                                       const std::string& deletion) override {
    if (!format.empty()) return ConfigError("PostgreSQL has no file format");
    const PgOptions options = Options(database_);
    return MakePostgresDestination(Json{{"host", options.host},
                                        {"port", options.port},
                                        {"database", options.database},
                                        {"schema", "public"},
                                        {"username", options.user},
                                        {"password", options.password},
                                        {"ssl_mode", {{"mode", "disable"}}},
                                        {"cdc_deletion_mode", deletion}});
  }

  Result<std::vector<std::string>> Rows(const StreamDescriptor& stream) override {
    const std::string table = NameOf(stream);
    MR_ASSIGN_OR_RETURN(const PgRows there,
                        connection_->Query("select to_regclass($1) is not null", {table}));
    if (!there.Bool(0, 0)) return std::vector<std::string>();
    MR_ASSIGN_OR_RETURN(const PgRows found,
                        connection_->Query("select row_to_json(t)::text from " + table + " t"));
    std::vector<std::string> rows;
    std::set<std::string> ids;
    for (int i = 0; i < found.num_rows(); ++i) rows.push_back(RowText(found.Text(i, 0), &ids));
    std::sort(rows.begin(), rows.end());
    return rows;
  }

  Result<std::vector<std::string>> Schema(const StreamDescriptor& stream) override {
    MR_ASSIGN_OR_RETURN(
        const PgRows found,
        connection_->Query("select attname, format_type(atttypid, atttypmod), attnotnull from "
                           "pg_attribute where attrelid = $1::regclass and attnum > 0 and not "
                           "attisdropped order by attnum",
                           {NameOf(stream)}));
    std::vector<std::string> columns;
    for (int i = 0; i < found.num_rows(); ++i) {
      columns.push_back(fmt::format("{}: {}{}", found.Text(i, 0), found.Text(i, 1),
                                    found.Bool(i, 2) ? " not null" : ""));
    }
    return columns;
  }

  Result<std::vector<std::string>> Files() override {
    return ConfigError("PostgreSQL shows no files");
  }

 private:
  static std::string NameOf(const StreamDescriptor& stream) {
    return QuoteIdentifier(stream.name_space.value_or("public")) + "." +
           QuoteIdentifier(stream.name);
  }

  const std::unique_ptr<PgConnection> connection_;
  const std::string database_;
};

}  // namespace

Result<std::unique_ptr<TablePlace>> OpenPostgresPlace(const std::filesystem::path& folder) {
  const std::string database =
      folder.parent_path().filename().string() + "/" + folder.filename().string();
  MR_ASSIGN_OR_RETURN(auto shop, PgConnection::Connect(Options("shop")));
  MR_ASSIGN_OR_RETURN(const PgRows there,
                      shop->Query("select 1 from pg_database where datname = $1", {database}));
  if (there.num_rows() == 0) {
    MR_RETURN_IF_ERROR(shop->Execute("create database " + QuoteIdentifier(database)));
  }
  MR_ASSIGN_OR_RETURN(auto connection, PgConnection::Connect(Options(database)));
  MR_RETURN_IF_ERROR(connection->Execute("set timezone = 'UTC'"));
  return std::make_unique<PostgresPlace>(std::move(connection), database);
}

}  // namespace millrace::synctest
