#include "control/connections/connection_timeline.h"

#include <nlohmann/json.hpp>

#include "control/connections/connection_rules.h"
#include "control/schema/sync_catalog.h"
#include "control/store/connection_events.h"

namespace millrace {
namespace {

/// Which streams a person chose anew or gave up, and whose modes differ.
Json ConfigDiff(const Json& before, const Json& after) {
  Json enabled = Json::array(), disabled = Json::array(), modes = Json::array();
  const auto name = [](const Json& entry) {
    const StreamDescriptor stream = DescriptorOf(entry);
    Json json{{"streamName", stream.name}};
    if (stream.name_space) json["streamNamespace"] = *stream.name_space;
    return json;
  };
  for (const Json& entry : FieldOf(after, "streams")) {
    const Json* old = FindEntry(before, DescriptorOf(entry));
    const bool was = old != nullptr && IsSelected(*old);
    if (IsSelected(entry) && !was) enabled.push_back(name(entry));
    if (!IsSelected(entry) && was) disabled.push_back(name(entry));
    if (!was || !IsSelected(entry)) continue;
    for (const char* mode : {"syncMode", "destinationSyncMode"}) {
      if (FieldOf((*old)["config"], mode) != FieldOf(entry["config"], mode)) {
        modes.push_back(name(entry));
        break;
      }
    }
  }
  for (const Json& entry : FieldOf(before, "streams")) {
    if (IsSelected(entry) && FindEntry(after, DescriptorOf(entry)) == nullptr) {
      disabled.push_back(name(entry));
    }
  }
  return {{"streamsEnabled", enabled}, {"streamsDisabled", disabled}, {"syncModesChanged", modes}};
}

}  // namespace

Status TellConnectionChanged(SqlTransaction& transaction, const Connection& before,
                             const Connection& after, const ChangeReason& reason) {
  const auto tell = [&](const char* type, Json summary) {
    ConnectionEvent event;
    event.connection_id = after.id;
    event.type = type;
    if (!reason.reason.empty()) summary["updateReason"] = reason.reason;
    event.summary = std::move(summary);
    event.user_id = reason.user_id;
    event.created_at = after.updated_at;
    return InsertConnectionEvent(transaction, std::move(event));
  };
  if (before.status != after.status && after.status == "active") {
    MR_RETURN_IF_ERROR(tell("CONNECTION_ENABLED", Json::object()));
  }
  if (before.status == "active" && after.status != "active") {
    Json summary = Json::object();
    if (const Json& why = FieldOf(*after.document, "statusReason"); why.is_string()) {
      summary["disabledReason"] = why;
    }
    MR_RETURN_IF_ERROR(tell("CONNECTION_DISABLED", std::move(summary)));
  }
  if (Json patches = SettingsPatches(before, after); !patches.empty()) {
    MR_RETURN_IF_ERROR(tell("CONNECTION_SETTINGS_UPDATE", {{"patches", std::move(patches)}}));
  }
  const Json& old = FieldOf(*before.document, "syncCatalog");
  const Json& now = FieldOf(*after.document, "syncCatalog");
  if (reason.automatic || old == now) return Status::Ok();
  return tell("SCHEMA_CONFIG_UPDATE", {{"airbyteCatalogDiff",
                                        {{"catalogDiff", {{"transforms", Json::array()}}},
                                         {"catalogConfigDiff", ConfigDiff(old, now)}}}});
}

}  // namespace millrace
