#include "sources/postgres/postgres_config.h"

#include <nlohmann/json.hpp>

#include "clients/postgres/pg_config.h"

namespace millrace {
namespace {

Result<int64_t> IntegerField(const Json& json, const char* name, int64_t value_default,
                             int64_t least, int64_t most) {
  const auto found = json.find(name);
  if (found == json.end() || found->is_null()) return value_default;
  if (!found->is_number_integer() || *found < least || *found > most) {
    return ConfigError("source-postgres: \"{}\" must be a whole number from {} to {}", name, least,
                       most);
  }
  return found->get<int64_t>();
}

Result<bool> BoolField(const Json& json, const char* name, bool value_default) {
  const auto found = json.find(name);
  if (found == json.end() || found->is_null()) return value_default;
  if (!found->is_boolean()) {
    return ConfigError("source-postgres: \"{}\" must be true or false", name);
  }
  return found->get<bool>();
}

Status ReadMethod(const Json& json, ReplicationMethod* replication) {
  std::string method = "Standard";
  if (const auto found = json.find("replication_method");
      found != json.end() && !found->is_null()) {
    const auto name = found->is_object() ? found->find("method") : found->end();
    if (name == found->end() || !name->is_string()) {
      return ConfigError("source-postgres: \"replication_method\" must be an object with a method");
    }
    method = name->get<std::string>();
  }
  if (method == "CDC") {
    return ConfigError(
        "source-postgres: replication_method \"CDC\" comes later: use {{\"method\": \"Xmin\"}} or "
        "{{\"method\": \"Standard\"}}");
  }
  if (method != "Standard" && method != "Xmin") {
    return ConfigError(
        "source-postgres: replication_method \"{}\" is not known: use Standard or Xmin", method);
  }
  *replication = method == "Xmin" ? ReplicationMethod::kXmin : ReplicationMethod::kStandard;
  MR_ASSIGN_OR_RETURN(const bool entra, BoolField(json, "entra_service_principal_auth", false));
  if (entra) return ConfigError("source-postgres: entra_service_principal_auth comes later");
  return Status::Ok();
}

Status ReadSchemas(const Json& json, std::vector<std::string>* schemas) {
  const auto found = json.find("schemas");
  if (found == json.end() || found->is_null()) return Status::Ok();
  if (!found->is_array()) return ConfigError("source-postgres: \"schemas\" must be a list");
  for (const Json& schema : *found) {
    if (!schema.is_string() || schema.get<std::string>().empty()) {
      return ConfigError("source-postgres: \"schemas\" must be a list of names");
    }
    schemas->push_back(schema.get<std::string>());
  }
  return Status::Ok();
}

}  // namespace

Result<PostgresConfig> PostgresConfigFromJson(const Json& json) {
  if (!json.is_object()) return ConfigError("source-postgres: the config must be an object");
  PostgresConfig config;
  auto connection = PgOptionsFromJson(json);
  if (!connection.ok()) return connection.status().WithContext("source-postgres");
  config.connection = *std::move(connection);
  MR_RETURN_IF_ERROR(ReadMethod(json, &config.method));
  MR_RETURN_IF_ERROR(ReadSchemas(json, &config.schemas));
  MR_ASSIGN_OR_RETURN(config.check_privileges, BoolField(json, "check_privileges", true));
  MR_ASSIGN_OR_RETURN(const int64_t interval,
                      IntegerField(json, "checkpoint_target_interval_seconds", 300, 1, 86400));
  config.checkpoint_interval = std::chrono::seconds(interval);
  // One connection holds the snapshot, another one reads.
  MR_ASSIGN_OR_RETURN(const int64_t connections,
                      IntegerField(json, "max_db_connections", config.max_connections, 2, 10000));
  config.max_connections = static_cast<int>(connections);
  return config;
}

}  // namespace millrace
