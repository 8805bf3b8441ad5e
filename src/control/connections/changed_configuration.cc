#include "control/connections/changed_configuration.h"

#include <nlohmann/json.hpp>

#include "control/store/actors.h"

namespace millrace {

Result<bool> StoreChangedConfiguration(SqlTransaction& transaction, const SecretBox& box,
                                       const std::string& actor_id, const ConfigChange& change,
                                       int64_t now) {
  const auto kind = change.end == "source" ? ConnectorType::kSource : ConnectorType::kDestination;
  MR_ASSIGN_OR_RETURN(auto actor, FindActor(transaction, kind, actor_id));
  if (!actor) return false;
  MR_ASSIGN_OR_RETURN(const std::string text, box.Open(actor->sealed_configuration));
  const Json stored = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!stored.is_object()) {
    return SystemError("the stored configuration of {} is damaged", actor->name);
  }
  const Json changed = WithChange(stored, change);
  if (changed == stored) return true;
  actor->sealed_configuration =
      box.Seal(changed.dump(-1, ' ', false, Json::error_handler_t::replace));
  actor->updated_at = now;
  MR_RETURN_IF_ERROR(UpdateActor(transaction, *actor));
  return true;
}

KeepConfig StoreKeeps(SqlDatabase& database, const SecretBox& box, const Clock& clock,
                      const std::string& actor_id) {
  return [&database, &box, &clock, actor_id](const ConfigChange& change) {
    return database.Write([&](SqlTransaction& transaction) {
      const int64_t now = clock.WallNow().time_since_epoch().count();
      return StoreChangedConfiguration(transaction, box, actor_id, change, now).status();
    });
  };
}

}  // namespace millrace
