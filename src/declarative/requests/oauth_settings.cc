#include "declarative/requests/oauth_settings.h"

#include <algorithm>

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_operators.h"

namespace millrace {
namespace {

/// The three refresh_token_error_* fields of a node.
struct ErrorFields {
  std::vector<int> statuses;
  std::string key;
  std::vector<std::string> values;
  bool any = false;
};

ErrorFields ReadErrorFields(const PyValue& node) {
  ErrorFields fields;
  if (const PyValue* statuses = node.Find("refresh_token_error_status_codes");
      statuses != nullptr && statuses->is_list()) {
    for (const PyValue& status : statuses->items()) {
      if (status.is_int()) fields.statuses.push_back(static_cast<int>(status.as_int()));
    }
  }
  if (const PyValue* key = node.Find("refresh_token_error_key"); key != nullptr && key->is_str()) {
    fields.key = key->str();
  }
  if (const PyValue* values = node.Find("refresh_token_error_values");
      values != nullptr && values->is_list()) {
    for (const PyValue& value : values->items()) fields.values.push_back(PyStr(value));
  }
  fields.any = !fields.statuses.empty() || !fields.key.empty() || !fields.values.empty();
  return fields;
}

Status ReadErrors(const Component& component, OauthSettings* settings) {
  const ErrorFields own = ReadErrorFields(component.node());
  const PyValue* updater = component.Field("refresh_token_updater");
  const ErrorFields updaters = updater != nullptr ? ReadErrorFields(*updater) : ErrorFields();
  if (own.any && updaters.any) {
    return component.Error(
        "refresh_token_error_* stand both here and in its refresh_token_updater: leave one out");
  }
  const ErrorFields& chosen = updaters.any ? updaters : own;
  if (chosen.any) {
    settings->error_statuses = chosen.statuses;
    settings->error_key = chosen.key;
    settings->error_values = chosen.values;
  } else {
    settings->error_statuses = {400};
    settings->error_key = "error";
    settings->error_values = {"invalid_grant", "invalid_permissions"};
  }
  return Status::Ok();
}

struct NamedTemplate {
  const char* field;
  const char* missing;
  InterpolatedString OauthSettings::*member;
};

constexpr NamedTemplate kTemplates[] = {
    {"token_refresh_endpoint", "", &OauthSettings::endpoint},
    {"client_id", "", &OauthSettings::client_id},
    {"client_secret", "", &OauthSettings::client_secret},
    {"refresh_token", "", &OauthSettings::refresh_token},
    {"client_id_name", "client_id", &OauthSettings::client_id_name},
    {"client_secret_name", "client_secret", &OauthSettings::client_secret_name},
    {"refresh_token_name", "refresh_token", &OauthSettings::refresh_token_name},
    {"access_token_name", "access_token", &OauthSettings::access_token_name},
    {"expires_in_name", "expires_in", &OauthSettings::expires_in_name},
    {"grant_type_name", "grant_type", &OauthSettings::grant_type_name},
    {"grant_type", "refresh_token", &OauthSettings::grant_type},
};

}  // namespace

Result<OauthSettings> OauthSettings::Make(const Component& component, const EngineEnvironment&) {
  OauthSettings settings;
  for (const NamedTemplate& known : kTemplates) {
    MR_ASSIGN_OR_RETURN(settings.*known.member, component.Template(known.field, known.missing));
    if ((settings.*known.member).empty()) {
      settings.*known.member = InterpolatedString(known.missing, component.parameters());
    }
  }
  const auto mapping = [&](std::string_view name) {
    const PyValue* field = component.Field(name);
    return InterpolatedMapping(field != nullptr ? *field : PyValue(PyDict()),
                               component.parameters());
  };
  settings.body = mapping("refresh_request_body");
  settings.headers = mapping("refresh_request_headers");
  if (const PyValue* scopes = component.Field("scopes"); scopes != nullptr)
    settings.scopes = *scopes;
  settings.has_endpoint = component.Has("token_refresh_endpoint");
  settings.has_refresh_token = component.Has("refresh_token");
  MR_ASSIGN_OR_RETURN(settings.as_query,
                      component.BoolOr("send_refresh_request_as_query_params", false));
  MR_ASSIGN_OR_RETURN(const std::string format, component.TextOr("token_expiry_date_format", ""));
  settings.expires_at = !format.empty();
  MR_RETURN_IF_ERROR(ReadErrors(component, &settings));
  return settings;
}

Result<RequestOptions> OauthSettings::Request(const InterpolationContext& context,
                                              const PyValue& id, const PyValue& secret,
                                              const PyValue& token) const {
  RequestOptions options;
  MR_ASSIGN_OR_RETURN(options.headers, headers.Evaluate(context));
  // Those who want the client's credentials in a header often refuse them in the body.
  const bool in_header = options.headers.Find("Authorization") != nullptr;
  PyDict form;
  const auto set = [&](const InterpolatedString& name, PyValue value) -> Status {
    MR_ASSIGN_OR_RETURN(const std::string key, name.EvaluateText(context));
    form.Set(std::string_view(key), std::move(value));
    return Status::Ok();
  };
  MR_ASSIGN_OR_RETURN(PyValue grant, grant_type.Evaluate(context));
  MR_RETURN_IF_ERROR(set(grant_type_name, std::move(grant)));
  if (!in_header) {
    MR_RETURN_IF_ERROR(set(client_id_name, id));
    MR_RETURN_IF_ERROR(set(client_secret_name, secret));
  }
  MR_RETURN_IF_ERROR(set(refresh_token_name, token));
  if (PyTruthy(scopes)) form.Set("scopes", scopes);
  MR_ASSIGN_OR_RETURN(const PyValue additional, body.Evaluate(context));
  if (additional.is_dict()) {
    for (const auto& [name, value] : additional.dict()) {
      if (std::as_const(form).Find(name) == nullptr) form.Set(name, value);
    }
  }
  (as_query ? options.params : options.body_data) = PyValue(std::move(form));
  return options;
}

bool OauthSettings::IsRejection(int status, const PyValue& answer) const {
  if (std::find(error_statuses.begin(), error_statuses.end(), status) == error_statuses.end()) {
    return false;
  }
  const PyValue* value = answer.Find(error_key);
  if (value == nullptr || !value->is_str()) return false;
  return std::find(error_values.begin(), error_values.end(), value->str()) != error_values.end();
}

}  // namespace millrace
