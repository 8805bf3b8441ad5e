#include "destinations/postgres/postgres_destination_config.h"

#include <nlohmann/json.hpp>

#include "clients/postgres/pg_config.h"
#include "destinations/sql/sql_name.h"

namespace millrace {
namespace {

constexpr const char* kWho = "destination-postgres";

Status ReadFlag(const Json& json, const char* name, bool& flag) {
  const auto found = json.find(name);
  if (found == json.end() || found->is_null()) return Status::Ok();
  if (!found->is_boolean()) return ConfigError("{}: \"{}\" must be true or false", kWho, name);
  flag = found->get<bool>();
  return Status::Ok();
}

Status ReadName(const Json& json, const char* name, std::string& value) {
  const auto found = json.find(name);
  if (found == json.end() || found->is_null()) return Status::Ok();
  if (!found->is_string()) return ConfigError("{}: \"{}\" must be a string", kWho, name);
  if (!found->get<std::string>().empty()) {
    value = SqlName(found->get<std::string>(), kIdentifierBytesMax);
  }
  return Status::Ok();
}

}  // namespace

Result<PostgresDestinationConfig> PostgresDestinationConfigFromJson(const Json& json) {
  if (!json.is_object()) return ConfigError("{}: the config must be an object", kWho);
  PostgresDestinationConfig config;
  auto options = PgOptionsFromJson(json);
  if (!options.ok()) return options.status().WithContext(kWho);
  config.connection = *std::move(options);
  MR_RETURN_IF_ERROR(ReadName(json, "schema", config.schema));
  MR_RETURN_IF_ERROR(ReadName(json, "raw_data_schema", config.internal_schema));
  bool cascade = false;
  MR_RETURN_IF_ERROR(ReadFlag(json, "drop_cascade", cascade));
  if (cascade) config.target.dependents = Dependents::kDrop;
  MR_RETURN_IF_ERROR(ReadFlag(json, "disable_type_dedupe", config.target.raw));
  // Numbers are never limited here, whatever it says: a limit would round them.
  bool unconstrained = false;
  MR_RETURN_IF_ERROR(ReadFlag(json, "unconstrained_number", unconstrained));
  std::string deletes = "Hard delete";
  if (const auto mode = json.find("cdc_deletion_mode"); mode != json.end() && mode->is_string()) {
    deletes = mode->get<std::string>();
  }
  if (deletes != "Hard delete" && deletes != "Soft delete") {
    return ConfigError("{}: cdc_deletion_mode \"{}\" is not known: use Hard delete or Soft delete",
                       kWho, deletes);
  }
  config.target.hard_delete = deletes == "Hard delete";
  return config;
}

}  // namespace millrace
