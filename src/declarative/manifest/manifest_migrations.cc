#include "declarative/manifest/manifest_migrations.h"

#include <utility>

#include "base/status.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/jinja/py_time.h"

namespace millrace {
namespace {

constexpr std::string_view kUrl = "url", kUrlBase = "url_base", kPath = "path";
constexpr std::string_view kBody = "request_body", kBodyJson = "request_body_json",
                           kBodyData = "request_body_data";

bool IsText(const PyValue* value) { return value != nullptr && value->is_str(); }

Status Unusable() { return ConfigError("a requester can't be migrated"); }

/// A change of one requester.
struct Migration {
  std::string_view name;  ///< as it is noted
  bool (*wanted)(const PyDict& requester);
  Status (*apply)(PyDict* requester, UrlJoiner join_url);
  bool (*done)(const PyDict& requester);
};

bool WantsUrl(const PyDict& requester) { return requester.Contains(kUrlBase); }
Status UrlBaseToUrl(PyDict* requester, UrlJoiner) {
  requester->Set(kUrl, PyValue(*requester->Find(kUrlBase)));
  requester->Erase(kUrlBase);
  return Status::Ok();
}
bool HasUrl(const PyDict& requester) {
  const PyValue* url = requester.Find(kUrl);
  return url != nullptr && !url->is_none();
}

bool WantsPath(const PyDict& requester) { return requester.Contains(kPath); }
Status PathToUrl(PyDict* requester, UrlJoiner join_url) {
  if (!IsText(requester->Find(kPath)) || !requester->Contains(kUrl)) return Unusable();
  std::string_view path = requester->Find(kPath)->str();
  path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
  if (!path.empty()) {
    if (!IsText(requester->Find(kUrl))) return Unusable();
    std::string base = requester->Find(kUrl)->str();
    if (!base.ends_with('/')) base += '/';
    requester->Set(kUrl, PyValue(join_url(base, path)));
  }
  requester->Erase(kPath);
  return Status::Ok();
}

bool HasOldBody(const PyDict& requester) {
  return (requester.Contains(kBodyJson) && !IsText(requester.Find(kBodyJson))) ||
         requester.Contains(kBodyData);
}
void SetBody(PyDict* requester, std::string_view from, const char* type) {
  const PyValue value = *requester->Find(from);
  requester->Set(kBody, PyDict{{"type", type}, {"value", value}});
  requester->Erase(from);
}
Status BodyToRequestBody(PyDict* requester, UrlJoiner) {
  const PyValue* json = requester->Find(kBodyJson);
  if (json != nullptr && json->is_dict()) {
    const bool query = IsText(json->Find("query"));
    SetBody(requester, kBodyJson, query ? "RequestBodyGraphQL" : "RequestBodyJsonObject");
  }
  if (requester->Contains(kBodyData)) SetBody(requester, kBodyData, "RequestBodyUrlEncodedForm");
  return Status::Ok();
}
bool HasNewBody(const PyDict& requester) {
  if (HasOldBody(requester)) return false;
  return IsText(requester.Find(kBodyJson)) || requester.Contains(kBody);
}

constexpr Migration kMigrations[] = {
    {"HttpRequesterUrlBaseToUrl", &WantsUrl, &UrlBaseToUrl, &HasUrl},
    {"HttpRequesterPathToUrl", &WantsPath, &PathToUrl, &HasUrl},
    {"HttpRequesterRequestBodyJsonDataToRequestBody", &HasOldBody, &BodyToRequestBody, &HasNewBody},
};

/// Applies one migration everywhere below a node; `*migrated`: whether the last one worked.
Status Walk(const Migration& migration,
            const PyValue& node,  // NOLINT(misc-no-recursion): its depth
            UrlJoiner join_url, bool* migrated) {
  if (node.is_list()) {
    for (const PyValue& item : node.items()) {
      MR_RETURN_IF_ERROR(Walk(migration, item, join_url, migrated));
    }
  }
  if (!node.is_dict()) return Status::Ok();
  if (const PyValue* type = node.Find("type"); IsText(type)) {
    if (type->str() == "DynamicDeclarativeStream") return Status::Ok();
    if (type->str() == "HttpRequester" && migration.wanted(node.dict())) {
      MR_RETURN_IF_ERROR(migration.apply(&node.mutable_dict(), join_url));
      *migrated = migration.done(node.dict());
    }
  }
  for (const auto& [key, value] : node.dict()) {
    MR_RETURN_IF_ERROR(Walk(migration, value, join_url, migrated));
  }
  return Status::Ok();
}

Status Note(const Migration& migration, const PyValue& manifest, const PyValue& version,
            const Clock& clock) {
  PyDict& root = manifest.mutable_dict();
  constexpr std::string_view kMetadata = "metadata", kApplied = "applied_migrations";
  if (!root.Contains(kMetadata)) root.Set(kMetadata, PyDict());
  const PyValue metadata = *root.Find(kMetadata);
  if (!metadata.is_dict()) return Unusable();
  if (!metadata.dict().Contains(kApplied)) metadata.mutable_dict().Set(kApplied, PyValue::List());
  const PyValue applied = *metadata.Find(kApplied);
  if (!applied.is_list()) return Unusable();
  applied.mutable_items().push_back(
      PyDict{{"from_version", version},
             {"to_version", "*"},
             {"migration", migration.name},
             {"migrated_at", PyIsoText(MomentOf(PyDateTime::Now(clock, kPyUtc)))}});
  return Status::Ok();
}

}  // namespace

PyValue MigrateManifest(const PyValue& resolved, UrlJoiner join_url, const Clock& clock) {
  const PyValue manifest = resolved.DeepCopy();
  const PyValue* version = manifest.Find("version");
  const PyValue from(version == nullptr ? "0.0.0" : PyStr(*version));
  for (const Migration& migration : kMigrations) {
    bool migrated = false;
    Status status = Walk(migration, manifest, join_url, &migrated);
    if (status.ok() && migrated) status = Note(migration, manifest, from, clock);
    if (!status.ok()) return resolved;
  }
  return manifest;
}

}  // namespace millrace
