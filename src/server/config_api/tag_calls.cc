#include "server/config_api/tag_calls.h"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "base/uuid.h"
#include "control/schema/sync_catalog.h"
#include "control/store/tags.h"
#include "server/config_api/connection_json.h"
#include "server/config_api/request_fields.h"

namespace millrace {
namespace {

constexpr size_t kTagsMax = 100;
constexpr size_t kNameMax = 30;

/// Six hexadecimal digits, with or without a #.
bool IsColor(const std::string& text) {
  const std::string digits = text.starts_with('#') ? text.substr(1) : text;
  return digits.size() == 6 && std::all_of(digits.begin(), digits.end(),
                                           [](unsigned char c) { return std::isxdigit(c) != 0; });
}

/// Letters, not bytes.
size_t LettersOf(const std::string& text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<uint8_t>(c) & 0xc0) != 0x80; }));
}

Status CheckTag(const Tag& tag) {
  if (tag.name.empty() || LettersOf(tag.name) > kNameMax) {
    return ConfigError("a tag's name may have 1 to {} letters", kNameMax);
  }
  if (!IsColor(tag.color)) {
    return ConfigError("a tag's color must be six hexadecimal digits, like 75DCFF");
  }
  return Status::Ok();
}

ApiReply Reply(const Status& written, const Tag& tag) {
  if (written.ok()) return {200, TagJson(tag)};
  if (IsDuplicateKey(written)) {
    return Conflict(fmt::format("the workspace has a tag {} already", tag.name));
  }
  return Failure(written);
}

}  // namespace

ApiReply TagCalls::List(const Json& body) const {
  Json list = Json::array();
  bool workspace_found = true;
  const Status read = services_.database.Read([&](SqlTransaction& transaction) -> Status {
    std::vector<std::string> ids = FieldPathOf(FieldOf(body, "workspaceIds"));
    if (ids.empty()) {
      MR_ASSIGN_OR_RETURN(const auto workspace, WorkspaceOf(transaction, body));
      workspace_found = workspace.has_value();
      if (!workspace) return Status::Ok();
      ids = {workspace->id};
    }
    MR_ASSIGN_OR_RETURN(const auto tags, ListTags(transaction, ids));
    list = TagListJson(tags);
    return Status::Ok();
  });
  if (!read.ok()) return Failure(read);
  if (!workspace_found) return NotFound("workspace", TextOf(body, "workspaceId"));
  return {200, std::move(list)};
}

ApiReply TagCalls::Get(const Json& body) const {
  std::optional<Tag> tag;
  const Status read = services_.database.Read([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(tag, FindTag(transaction, TextOf(body, "tagId")));
    return Status::Ok();
  });
  if (!read.ok()) return Failure(read);
  return tag ? ApiReply{200, TagJson(*tag)} : NotFound("tag", TextOf(body, "tagId"));
}

ApiReply TagCalls::Create(const Json& body) const {
  Tag tag{RandomUuid(), "", TextOf(body, "name"), TextOf(body, "color")};
  if (const Status right = CheckTag(tag); !right.ok()) return Failure(right);
  bool workspace_found = false;
  const Status written = services_.database.Write([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(const auto workspace, WorkspaceOf(transaction, body));
    workspace_found = workspace.has_value();
    if (!workspace) return Status::Ok();
    tag.workspace_id = workspace->id;
    MR_ASSIGN_OR_RETURN(const auto tags, ListTags(transaction, {workspace->id}));
    if (tags.size() >= kTagsMax) {
      return ConfigError("a workspace may have {} tags; delete one that isn't used", kTagsMax);
    }
    return InsertTag(transaction, tag);
  });
  if (written.ok() && !workspace_found) return NotFound("workspace", TextOf(body, "workspaceId"));
  return Reply(written, tag);
}

ApiReply TagCalls::Update(const Json& body) const {
  std::optional<Tag> tag;
  const Status written = services_.database.Write([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(tag, FindTag(transaction, TextOf(body, "tagId")));
    if (!tag) return Status::Ok();
    if (body.contains("name")) tag->name = TextOf(body, "name");
    if (body.contains("color")) tag->color = TextOf(body, "color");
    MR_RETURN_IF_ERROR(CheckTag(*tag));
    return UpdateTag(transaction, *tag);
  });
  if (written.ok() && !tag) return NotFound("tag", TextOf(body, "tagId"));
  return Reply(written, tag.value_or(Tag()));
}

ApiReply TagCalls::Delete(const Json& body) const {
  std::optional<Tag> tag;
  const Status written = services_.database.Write([&](SqlTransaction& transaction) -> Status {
    MR_ASSIGN_OR_RETURN(tag, FindTag(transaction, TextOf(body, "tagId")));
    return tag ? DeleteTag(transaction, tag->id) : Status::Ok();
  });
  if (!written.ok()) return Failure(written);
  return tag ? ApiReply{200, TagJson(*tag)} : NotFound("tag", TextOf(body, "tagId"));
}

}  // namespace millrace
