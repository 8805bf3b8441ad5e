#include "attempt/config_change.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace millrace {
namespace {

/// The value of one field, each absent where null: what `before` and `now` agree on stays stored.
Json Merged(const Json* stored, const Json* before, const Json* now);

/// The fields that any of the three objects has, in the order in which they are stored.
Json MergedObject(const Json& stored, const Json& before, const Json& now) {
  std::vector<std::string> names;
  for (const Json* object : {&stored, &before, &now}) {
    for (const auto& [name, value] : object->items()) {
      if (std::ranges::find(names, name) == names.end()) names.push_back(name);
    }
  }
  const auto at = [](const Json& object, const std::string& name) {
    const auto found = object.find(name);
    return found == object.end() ? nullptr : &*found;
  };
  Json merged = Json::object();
  for (const std::string& name : names) {
    Json value = Merged(at(stored, name), at(before, name), at(now, name));
    if (!value.is_discarded()) merged[name] = std::move(value);
  }
  return merged;
}

Json Merged(const Json* stored, const Json* before, const Json* now) {
  const auto value = [](const Json* json) {
    return json == nullptr ? Json(Json::value_t::discarded) : *json;
  };
  const bool same = (before == nullptr) == (now == nullptr) && (now == nullptr || *before == *now);
  if (same) return value(stored);
  for (const Json* json : {stored, before, now}) {
    if (json == nullptr || !json->is_object()) return value(now);
  }
  return MergedObject(*stored, *before, *now);
}

}  // namespace

Json ToJson(const ConfigChange& change) {
  return Json{{"type", "CONTROL"},
              {"end", change.end},
              {"before", *change.before},
              {"config", *change.config}};
}

Result<ConfigChange> ConfigChangeFromJson(const Json& message) {
  const Json end = message.value("end", Json());
  const Json before = message.value("before", Json()), config = message.value("config", Json());
  if ((end != Json("source") && end != Json("destination")) || !before.is_object() ||
      !config.is_object()) {
    return SystemError("a changed configuration that is none");
  }
  return ConfigChange{end, before, config};
}

Json WithChange(const Json& stored, const ConfigChange& change) {
  return MergedObject(stored, *change.before, *change.config);
}

}  // namespace millrace
