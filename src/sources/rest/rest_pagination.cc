#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "sources/rest/rest_parts.h"

namespace millrace {
namespace {

/// A template of what stands at `steps` in the reply; nothing when it is not there. Written as a
/// literal, so that a text like "12e4" stays that text.
std::string AtInReply(const std::vector<std::string>& steps) {
  std::string found = "response";
  for (size_t i = 0; i < steps.size(); ++i) {
    found = fmt::format("{}.get({}){}", found, RestQuoted(steps[i]),
                        i + 1 < steps.size() ? " or {}" : "");
    if (i + 1 < steps.size()) found = "(" + found + ")";
  }
  return fmt::format("{{{{ ({0}) | tojson if {0} else '' }}}}", found);
}

Status SetPageSize(const RestNode& node, int64_t size, const std::string& name, Json* paginator) {
  if (size == 0) return Status::Ok();
  (*paginator)["pagination_strategy"]["page_size"] = size;
  if (name.empty()) return Status::Ok();
  MR_ASSIGN_OR_RETURN((*paginator)["page_size_option"],
                      RestRequestOption(node, "inject_into", name));
  return Status::Ok();
}

Result<Json> ByPage(const RestNode& node) {
  MR_ASSIGN_OR_RETURN(const std::string page, node.Text("page_param", "page"));
  MR_ASSIGN_OR_RETURN(const int64_t first, node.Count("start_page", 1, 0));
  MR_ASSIGN_OR_RETURN(const int64_t size, node.Count("page_size", 0, 1));
  MR_ASSIGN_OR_RETURN(const std::string size_name, node.Text("page_size_param"));
  if (size == 0 && !size_name.empty()) return node.FieldError("page_size", "is missing");
  Json made = RestComponent("DefaultPaginator");
  Json& strategy = made["pagination_strategy"] = RestComponent("PageIncrement");
  strategy["start_from_page"] = first;
  strategy["inject_on_first_request"] = true;
  MR_ASSIGN_OR_RETURN(made["page_token_option"], RestRequestOption(node, "inject_into", page));
  MR_RETURN_IF_ERROR(SetPageSize(node, size, size_name, &made));
  return made;
}

Result<Json> ByOffset(const RestNode& node) {
  MR_ASSIGN_OR_RETURN(const std::string offset, node.Text("offset_param", "offset"));
  MR_ASSIGN_OR_RETURN(const int64_t size, node.Count("page_size", 100, 1));
  MR_ASSIGN_OR_RETURN(const std::string size_name, node.Text("page_size_param", "limit"));
  Json made = RestComponent("DefaultPaginator");
  Json& strategy = made["pagination_strategy"] = RestComponent("OffsetIncrement");
  strategy["inject_on_first_request"] = true;
  MR_ASSIGN_OR_RETURN(made["page_token_option"], RestRequestOption(node, "inject_into", offset));
  MR_RETURN_IF_ERROR(SetPageSize(node, size, size_name, &made));
  return made;
}

Result<Json> ByCursor(const RestNode& node) {
  MR_ASSIGN_OR_RETURN(const std::string cursor, node.Text("cursor_param", "cursor"));
  MR_ASSIGN_OR_RETURN(const auto steps, node.Steps("cursor_path"));
  if (steps.empty()) return node.FieldError("cursor_path", "is missing");
  MR_ASSIGN_OR_RETURN(const int64_t size, node.Count("page_size", 0, 1));
  MR_ASSIGN_OR_RETURN(const std::string size_name, node.Text("page_size_param"));
  if (size == 0 && !size_name.empty()) return node.FieldError("page_size", "is missing");
  MR_ASSIGN_OR_RETURN(const std::string stop, node.Text("stop_condition"));
  Json made = RestComponent("DefaultPaginator");
  Json& strategy = made["pagination_strategy"] = RestComponent("CursorPagination");
  strategy["cursor_value"] = AtInReply(steps);
  if (!stop.empty()) strategy["stop_condition"] = stop;
  MR_ASSIGN_OR_RETURN(made["page_token_option"], RestRequestOption(node, "inject_into", cursor));
  MR_RETURN_IF_ERROR(SetPageSize(node, size, size_name, &made));
  return made;
}

Result<Json> ByUrl(const RestNode& node, std::string url) {
  MR_ASSIGN_OR_RETURN(const int64_t size, node.Count("page_size", 0, 1));
  MR_ASSIGN_OR_RETURN(const std::string size_name, node.Text("page_size_param"));
  if (size == 0 && !size_name.empty()) return node.FieldError("page_size", "is missing");
  Json made = RestComponent("DefaultPaginator");
  Json& strategy = made["pagination_strategy"] = RestComponent("CursorPagination");
  strategy["cursor_value"] = std::move(url);
  made["page_token_option"] = RestComponent("RequestPath");
  MR_RETURN_IF_ERROR(SetPageSize(node, size, size_name, &made));
  return made;
}

}  // namespace

Result<Json> RestPaginator(const RestNode& node) {
  MR_ASSIGN_OR_RETURN(
      const std::string type,
      node.Choice("type", {"None", "Page Number", "Offset", "Cursor", "Next URL", "Link Header"}));
  if (type == "Page Number") return ByPage(node);
  if (type == "Offset") return ByOffset(node);
  if (type == "Cursor") return ByCursor(node);
  if (type == "Link Header") {
    return ByUrl(node, "{{ headers.get('link', {}).get('next', {}).get('url', '') }}");
  }
  if (type != "Next URL") return Json();
  MR_ASSIGN_OR_RETURN(const auto steps, node.Steps("next_url_path"));
  if (steps.empty()) return node.FieldError("next_url_path", "is missing");
  return ByUrl(node, AtInReply(steps));
}

}  // namespace millrace
