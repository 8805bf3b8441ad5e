#include "server/config_api/connection_json.h"

#include <nlohmann/json.hpp>

#include "control/schema/pause_words.h"
#include "server/config_api/request_fields.h"

namespace millrace {

Json TagJson(const Tag& tag) {
  return {{"tagId", tag.id},
          {"workspaceId", tag.workspace_id},
          {"name", tag.name},
          {"color", tag.color}};
}

Json TagListJson(const std::vector<Tag>& tags) {
  Json list = Json::array();
  for (const Tag& tag : tags) list.push_back(TagJson(tag));
  return list;
}

Json StreamDescriptorJson(const StreamDescriptor& stream) {
  Json json{{"name", stream.name}};
  if (stream.name_space) json["namespace"] = *stream.name_space;
  return json;
}

Json ConnectionJson(const Connection& connection, const std::vector<Tag>& tags) {
  Json json{{"connectionId", connection.id},
            {"name", connection.name},
            {"sourceId", connection.source_id},
            {"destinationId", connection.destination_id},
            {"workspaceId", connection.workspace_id},
            {"status", connection.status},
            {"breakingChange", false}};
  json.update(*connection.document);
  json.erase(kPausedBecause);  // a text of ours, told to who asks for a sync
  json["tags"] = TagListJson(tags);
  json["created_at"] = Seconds(connection.created_at);
  json["createdAt"] = Seconds(connection.created_at);
  return json;
}

}  // namespace millrace
