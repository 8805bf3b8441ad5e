#include "control/connections/connection_rules.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "control/resources/resource_requirements.h"
#include "control/schedule/schedule_document.h"
#include "control/schema/pause_words.h"
#include "control/schema/sync_catalog.h"

namespace millrace {
namespace {

constexpr size_t kNameMax = 256;

/// A field that is kept as it is sent, once it is one of the allowed words.
struct WordField {
  const char* name;
  std::vector<std::string> allowed;
  const char* value_default;
};
const std::vector<WordField>& WordFields() {
  static const std::vector<WordField> kFields = {
      {"namespaceDefinition", {"source", "destination", "customformat"}, "source"},
      {"nonBreakingChangesPreference",
       {"ignore", "disable", "propagate_columns", "propagate_fully"},
       "ignore"},
      {"backfillPreference", {"enabled", "disabled"}, "disabled"},
  };
  return kFields;
}
constexpr const char* kFlagFields[] = {"notifySchemaChanges", "notifySchemaChangesByEmail",
                                       "onDemandEnabled"};
constexpr const char* kTextFields[] = {"namespaceFormat", "prefix", "sourceCatalogId",
                                       "destinationCatalogId", "dataplaneGroupId"};
constexpr const char* kScheduleFields[] = {"scheduleType", "scheduleData", "schedule"};
constexpr const char* kSettings[] = {"scheduleType",
                                     "scheduleData",
                                     "namespaceDefinition",
                                     "namespaceFormat",
                                     "prefix",
                                     "nonBreakingChangesPreference",
                                     "backfillPreference",
                                     "notifySchemaChanges",
                                     "notifySchemaChangesByEmail",
                                     "resourceRequirements"};

Status ApplyWord(const WordField& field, const Json& body, Json* document) {
  const auto sent = body.find(field.name);
  if (sent == body.end() || sent->is_null()) {
    if (sent != body.end() || !document->contains(field.name)) {
      (*document)[field.name] = field.value_default;
    }
    return Status::Ok();
  }
  if (!sent->is_string() || std::find(field.allowed.begin(), field.allowed.end(),
                                      sent->get<std::string>()) == field.allowed.end()) {
    return ConfigError("{} is {}; it may be {}", field.name, sent->dump(),
                       fmt::join(field.allowed, ", "));
  }
  (*document)[field.name] = *sent;
  return Status::Ok();
}

Status ApplyPlainFields(const Json& body, Json* document) {
  for (const WordField& field : WordFields()) {
    MR_RETURN_IF_ERROR(ApplyWord(field, body, document));
  }
  for (const char* name : kFlagFields) {
    const Json& sent = FieldOf(body, name);
    if (!sent.is_null() && !sent.is_boolean()) return ConfigError("{} must be true or false", name);
    if (!sent.is_null() || !document->contains(name)) (*document)[name] = sent == true;
  }
  for (const char* name : kTextFields) {
    if (!body.contains(name)) continue;
    const Json& sent = body.at(name);
    if (!sent.is_null() && !sent.is_string()) return ConfigError("{} must be a text", name);
    if (sent.is_null()) {
      document->erase(name);
    } else {
      (*document)[name] = sent;
    }
  }
  if (!document->contains("prefix")) (*document)["prefix"] = "";
  if ((*document)["namespaceDefinition"] == "customformat" &&
      FieldOf(*document, "namespaceFormat").is_null()) {
    return ConfigError("namespaceDefinition is customformat: namespaceFormat must be given");
  }
  return Status::Ok();
}

Status ApplyObjects(const Json& body, Json* document) {
  if (const Json& sent = FieldOf(body, "resourceRequirements"); !sent.is_null()) {
    MR_RETURN_IF_ERROR(RequirementsFromJson(sent, "resourceRequirements").status());
    (*document)["resourceRequirements"] = sent;
  } else if (body.contains("resourceRequirements")) {
    document->erase("resourceRequirements");
  }
  for (const char* list : {"operationIds", "operations"}) {
    const Json& sent = FieldOf(body, list);
    if (sent.is_null() || (sent.is_array() && sent.empty())) continue;
    return ConfigError("this version has no operations after a sync ({})", list);
  }
  (*document)["operationIds"] = Json::array();
  return Status::Ok();
}

Status ApplySchedule(const Json& body, Json* document) {
  const bool sent = std::any_of(std::begin(kScheduleFields), std::end(kScheduleFields),
                                [&](const char* name) { return body.contains(name); });
  if (!sent && document->contains("scheduleType")) return Status::Ok();
  Json schedule = Json::object();
  for (const char* name : kScheduleFields) {
    if (const Json& field = FieldOf(body, name); !field.is_null()) schedule[name] = field;
  }
  // A type alone changes the type: what belongs to it may be there already.
  if (!schedule.contains("scheduleData") && !schedule.contains("schedule")) {
    if (const Json& data = FieldOf(*document, "scheduleData"); !data.is_null()) {
      if (schedule.contains("scheduleType")) schedule["scheduleData"] = data;
    }
  }
  MR_RETURN_IF_ERROR(NormalizeSchedule(&schedule));
  for (const char* name : kScheduleFields) document->erase(name);
  document->update(schedule);
  return Status::Ok();
}

Status ApplyStatus(const Json& body, Connection* connection, Json* document) {
  const Json& sent = FieldOf(body, "status");
  if (sent.is_null()) {
    if (connection->status.empty()) connection->status = "active";
    return Status::Ok();
  }
  if (sent != "active" && sent != "inactive" && sent != "locked") {
    return ConfigError("status is {}; it may be active, inactive, locked", sent.dump());
  }
  connection->status = sent.get<std::string>();
  if (connection->status == "active") {
    document->erase("statusReason");
    document->erase(kPausedBecause);
  }
  if (const Json& reason = FieldOf(body, "statusReason");
      reason.is_string() && connection->status != "active") {
    (*document)["statusReason"] = reason;
  }
  return Status::Ok();
}

Status ApplyName(const Json& body, Connection* connection) {
  const Json& sent = FieldOf(body, "name");
  if (sent.is_null()) return Status::Ok();
  if (!sent.is_string()) return ConfigError("name must be a text");
  const auto name = sent.get<std::string>();
  if (name.empty() || name.size() > kNameMax) {
    return ConfigError("a connection's name may have 1 to {} letters", kNameMax);
  }
  connection->name = name;
  return Status::Ok();
}

}  // namespace

Status ApplyConnectionFields(const CatalogKnowledge& known, const Json& body,
                             Connection* connection) {
  Json document = *connection->document;
  MR_RETURN_IF_ERROR(ApplyName(body, connection));
  MR_RETURN_IF_ERROR(ApplyPlainFields(body, &document));
  MR_RETURN_IF_ERROR(ApplyObjects(body, &document));
  MR_RETURN_IF_ERROR(ApplySchedule(body, &document));
  MR_RETURN_IF_ERROR(ApplyStatus(body, connection, &document));
  const Json& catalog = FieldOf(body, "syncCatalog");
  if (!catalog.is_null() || !document.contains("syncCatalog")) {
    Json normalized = catalog;
    MR_RETURN_IF_ERROR(NormalizeSyncCatalog(known, &normalized));
    document["syncCatalog"] = std::move(normalized);
    document["breakingChange"] = false;
    document["schemaChange"] = "no_change";
  }
  if (const Json& breaking = FieldOf(body, "breakingChange"); breaking.is_boolean()) {
    document["breakingChange"] = breaking;
  }
  connection->document = std::move(document);
  return Status::Ok();
}

Json SettingsPatches(const Connection& before, const Connection& after) {
  Json patches = Json::object();
  const auto compare = [&](const char* name, const Json& from, const Json& to) {
    if (from != to) patches[name] = {{"from", from}, {"to", to}};
  };
  compare("name", before.name, after.name);
  for (const char* name : kSettings) {
    compare(name, FieldOf(*before.document, name), FieldOf(*after.document, name));
  }
  return patches;
}

}  // namespace millrace
