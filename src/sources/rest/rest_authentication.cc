#include <nlohmann/json.hpp>

#include "sources/rest/rest_parts.h"

namespace millrace {
namespace {

/// The field as a template names it, so that the manifest holds no secret.
std::string FromAuthentication(std::string_view field) {
  return fmt::format("{{{{ config['authentication']['{}'] }}}}", field);
}

Status NeedFields(const RestNode& node, std::initializer_list<std::string_view> fields) {
  for (const std::string_view field : fields) {
    const Json* value = node.Find(field);
    if (value == nullptr || *value == Json("")) return node.FieldError(field, "is missing");
    if (!value->is_string()) return node.FieldError(field, "must be text");
  }
  return Status::Ok();
}

Result<Json> BearerOf(const RestNode& node) {
  MR_RETURN_IF_ERROR(NeedFields(node, {"token"}));
  Json made = RestComponent("BearerAuthenticator");
  made["api_token"] = FromAuthentication("token");
  return made;
}

Result<Json> ApiKeyOf(const RestNode& node) {
  MR_RETURN_IF_ERROR(NeedFields(node, {"api_key"}));
  MR_ASSIGN_OR_RETURN(const std::string place, node.Choice("inject_into", {"header", "query"}));
  MR_ASSIGN_OR_RETURN(const std::string name, node.Text("name", "X-API-Key"));
  Json made = RestComponent("ApiKeyAuthenticator");
  made["api_token"] = FromAuthentication("api_key");
  Json& option = made["inject_into"] = RestComponent("RequestOption");
  option["inject_into"] = place == "query" ? "request_parameter" : "header";
  option["field_name"] = name;
  return made;
}

Result<Json> BasicOf(const RestNode& node) {
  MR_RETURN_IF_ERROR(NeedFields(node, {"username"}));
  Json made = RestComponent("BasicHttpAuthenticator");
  made["username"] = FromAuthentication("username");
  // APIs that take a key as the user's name want no password.
  made["password"] = node.Has("password") ? FromAuthentication("password") : "";
  return made;
}

Result<Json> OAuthOf(const RestNode& node, bool refreshes) {
  MR_RETURN_IF_ERROR(NeedFields(node, {"token_url", "client_id", "client_secret"}));
  MR_ASSIGN_OR_RETURN(const std::string url, node.NeededText("token_url"));
  MR_ASSIGN_OR_RETURN(const std::string place,
                      node.Choice("client_authentication", {"body", "header"}));
  MR_ASSIGN_OR_RETURN(const std::string scope, node.Text("scope"));
  Json made = RestComponent("OAuthAuthenticator");
  made["token_refresh_endpoint"] = url;
  made["client_id"] = FromAuthentication("client_id");
  made["client_secret"] = FromAuthentication("client_secret");
  made["grant_type"] = refreshes ? "refresh_token" : "client_credentials";
  if (!scope.empty()) made["refresh_request_body"] = Json{{"scope", scope}};
  if (place == "header") {
    made["refresh_request_headers"] =
        Json{{"Authorization",
              "Basic {{ (config['authentication']['client_id'] ~ ':' ~ "
              "config['authentication']['client_secret']) | base64encode }}"}};
  }
  if (!refreshes) return made;
  MR_RETURN_IF_ERROR(NeedFields(node, {"refresh_token"}));
  made["refresh_token"] = FromAuthentication("refresh_token");
  MR_ASSIGN_OR_RETURN(const bool rotates, node.Flag("rotates", false));
  if (rotates) {
    made["refresh_token_updater"] =
        Json{{"refresh_token_config_path", {"authentication", "refresh_token"}},
             {"access_token_config_path", {"authentication", "access_token"}},
             {"token_expiry_date_config_path", {"authentication", "token_expiry_date"}}};
  }
  return made;
}

}  // namespace

Result<Json> RestAuthenticator(const RestNode& config) {
  MR_ASSIGN_OR_RETURN(const RestNode node, config.Group("authentication"));
  MR_ASSIGN_OR_RETURN(const std::string type,
                      node.Choice("type", {"None", "Bearer Token", "API Key", "Basic",
                                           "OAuth Client Credentials", "OAuth Refresh Token"}));
  if (type == "Bearer Token") return BearerOf(node);
  if (type == "API Key") return ApiKeyOf(node);
  if (type == "Basic") return BasicOf(node);
  if (type == "OAuth Client Credentials") return OAuthOf(node, /*refreshes=*/false);
  if (type == "OAuth Refresh Token") return OAuthOf(node, /*refreshes=*/true);
  return Json();
}

}  // namespace millrace
