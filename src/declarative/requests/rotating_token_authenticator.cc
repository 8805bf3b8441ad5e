#include "base/secrets.h"
#include "declarative/jinja/py_json.h"
#include "declarative/jinja/py_number_text.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/requests/api_resources.h"
#include "declarative/requests/authenticator_makers.h"
#include "declarative/requests/iso_duration.h"
#include "declarative/requests/token_quotas.h"

namespace millrace {
namespace {

class RotatingTokenAuthenticator final : public Authenticator {
 public:
  explicit RotatingTokenAuthenticator(std::shared_ptr<TokenQuotas> quotas)
      : quotas_(std::move(quotas)) {}

  Result<PyValue> Header(std::stop_token stop) override {
    MR_ASSIGN_OR_RETURN(std::string token, Token(std::move(stop)));
    return PyValue(PyDict({{PyValue(quotas_->rotation().header), PyValue(std::move(token))}}));
  }
  Result<std::string> Token(std::stop_token) override { return Value(quotas_->active_token()); }
  Status Sign(ApiRequest* request, std::stop_token stop) override {
    MR_ASSIGN_OR_RETURN(const std::string token, quotas_->Acquire(*request, std::move(stop)));
    request->SetHeader(quotas_->rotation().header, Value(token));
    return Status::Ok();
  }
  void Learn(const ApiRequest& request, const ApiResponse& response) override {
    quotas_->Learn(request, response);
  }
  bool HasAlternative(const ApiRequest& request) override {
    return quotas_->HasAlternative(request);
  }

 private:
  std::string Value(const std::string& token) const {
    const std::string& method = quotas_->rotation().method;
    return method.empty() ? token : method + " " + token;
  }

  const std::shared_ptr<TokenQuotas> quotas_;
};

std::string Trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return "";
  return std::string(text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1));
}

/// A template over the configuration alone, evaluated once.
Result<std::string> Evaluated(const std::string& text, const EngineEnvironment& environment) {
  const InterpolationContext context(*environment.clock, environment.config);
  return InterpolatedString(text, PyValue(PyDict())).EvaluateText(context);
}

Result<std::vector<std::string>> Tokens(const Component& component,
                                        const EngineEnvironment& environment) {
  std::vector<std::string> tokens;
  const PyValue* field = component.Field("tokens");
  if (field != nullptr && field->is_list()) {
    for (const PyValue& item : field->items()) {
      MR_ASSIGN_OR_RETURN(const std::string token, Evaluated(PyStr(item), environment));
      if (!Trimmed(token).empty()) tokens.push_back(Trimmed(token));
    }
  } else {
    MR_ASSIGN_OR_RETURN(const std::string given, component.TextOr("tokens", ""));
    MR_ASSIGN_OR_RETURN(const std::string text, Evaluated(given, environment));
    MR_ASSIGN_OR_RETURN(std::string delimiter, component.TextOr("token_delimiter", ","));
    if (delimiter.empty()) delimiter = ",";
    for (size_t begin = 0; begin <= text.size();) {
      const size_t end = std::min(text.find(delimiter, begin), text.size());
      const std::string token = Trimmed(std::string_view(text).substr(begin, end - begin));
      if (!token.empty()) tokens.push_back(token);
      begin = end + delimiter.size();
    }
  }
  if (tokens.empty()) {
    return ConfigError("Authentication tokens are missing from the configuration.");
  }
  for (const std::string& token : tokens) Secrets::Register(token);
  return tokens;
}

std::vector<int> Statuses(const Component& component, std::string_view name) {
  std::vector<int> statuses;
  const PyValue* field = component.Field(name);
  if (field == nullptr || !field->is_list()) return statuses;
  for (const PyValue& item : field->items()) {
    if (item.is_int()) statuses.push_back(static_cast<int>(item.as_int()));
  }
  return statuses;
}

Result<TokenQuota> MakeQuota(const Component& component, const EngineEnvironment& environment) {
  TokenQuota quota;
  MR_ASSIGN_OR_RETURN(quota.name, component.Text("name"));
  MR_ASSIGN_OR_RETURN(quota.remaining_path, component.TextList("remaining_path"));
  MR_ASSIGN_OR_RETURN(quota.reset_path, component.TextList("reset_path"));
  MR_ASSIGN_OR_RETURN(quota.limit_path, component.TextList("limit_path"));
  MR_ASSIGN_OR_RETURN(quota.remaining_header, component.TextOr("remaining_header", ""));
  MR_ASSIGN_OR_RETURN(quota.reset_header, component.TextOr("reset_header", ""));
  MR_ASSIGN_OR_RETURN(quota.limit_header, component.TextOr("limit_header", ""));
  quota.exhaustion_statuses = Statuses(component, "exhaustion_status_codes");
  MR_ASSIGN_OR_RETURN(quota.matchers, MakeRequestMatchers(component, environment));
  return quota;
}

Status ReadSource(const Component& source, const EngineEnvironment& environment,
                  TokenRotation* rotation) {
  MR_ASSIGN_OR_RETURN(const std::string url, source.Text("url"));
  MR_ASSIGN_OR_RETURN(rotation->status_url, Evaluated(url, environment));
  MR_ASSIGN_OR_RETURN(rotation->status_method, source.TextOr("http_method", "GET"));
  if (const PyValue* headers = source.Field("request_headers");
      headers != nullptr && headers->is_dict()) {
    for (const auto& [name, value] : headers->dict()) {
      MR_ASSIGN_OR_RETURN(std::string text, Evaluated(PyStr(value), environment));
      rotation->status_headers.emplace_back(PyStr(name), std::move(text));
    }
  }
  rotation->unavailable_statuses = Statuses(source, "unavailable_status_codes");
  return Status::Ok();
}

Result<double> NumberOr(const Component& component, std::string_view name, double missing) {
  const PyValue* field = component.Field(name);
  if (field == nullptr) return missing;
  const auto number = PyToFloat(*field);
  if (!number.ok()) return component.FieldError(name, "expected a number");
  return *number;
}

Result<TokenRotation> MakeRotation(const Component& component,
                                   const EngineEnvironment& environment) {
  TokenRotation rotation;
  MR_ASSIGN_OR_RETURN(rotation.tokens, Tokens(component, environment));
  MR_ASSIGN_OR_RETURN(rotation.method, component.TextOr("auth_method", "Bearer"));
  MR_ASSIGN_OR_RETURN(rotation.header, component.TextOr("header", "Authorization"));
  if (rotation.method.empty()) rotation.method = "Bearer";
  MR_ASSIGN_OR_RETURN(const auto quotas, component.Children("quotas"));
  for (const Component& child : quotas) {
    MR_ASSIGN_OR_RETURN(TokenQuota quota, MakeQuota(child, environment));
    rotation.quotas.push_back(std::move(quota));
  }
  if (rotation.quotas.empty()) return component.FieldError("quotas", "at least one is needed");
  MR_ASSIGN_OR_RETURN(const Component source, component.Child("quota_status_source"));
  MR_RETURN_IF_ERROR(ReadSource(source, environment, &rotation));
  MR_ASSIGN_OR_RETURN(const std::string wait, component.TextOr("max_wait_time", "PT2H"));
  MR_ASSIGN_OR_RETURN(const std::string wait_text, Evaluated(wait, environment));
  const auto span = ParseIsoDuration(wait_text);
  if (!span || span->calendar) {
    return component.FieldError("max_wait_time",
                                "expected an ISO 8601 duration of fixed length, as PT2H");
  }
  rotation.wait_seconds_max = std::chrono::duration<double>(span->span).count();
  MR_ASSIGN_OR_RETURN(rotation.reserve_fraction,
                      NumberOr(component, "budget_reserve_fraction", 0.1));
  MR_ASSIGN_OR_RETURN(rotation.reserve_least, NumberOr(component, "budget_min_reserve", 50));
  return rotation;
}

/// The same for the same definition, wherever it stands: without what streams add to it.
PyValue WithoutParameters(const PyValue& node) {
  if (node.is_list()) {
    PyList items;
    for (const PyValue& item : node.items()) items.push_back(WithoutParameters(item));
    return PyValue::List(std::move(items));
  }
  if (!node.is_dict()) return node;
  PyDict kept;
  for (const auto& [name, value] : node.dict()) {
    if (name.is_str() && name.str() == "$parameters") continue;
    kept.Append(name, WithoutParameters(value));
  }
  return kept;
}

}  // namespace

Result<std::unique_ptr<Authenticator>> MakeRotatingTokenAuthenticator(
    const Component& component, const EngineEnvironment& environment,
    const AuthenticatorOwner& owner) {
  if (owner.resources == nullptr) return component.Error("it has no place to keep its quotas");
  std::string key;
  MR_RETURN_IF_ERROR(
      AppendPyJson(WithoutParameters(component.node()), PyJsonStyle{.sort_keys = true}, &key));
  std::lock_guard lock(owner.resources->quotas_mutex);
  std::shared_ptr<TokenQuotas>& quotas = owner.resources->quotas[key];
  if (quotas == nullptr) {
    MR_ASSIGN_OR_RETURN(TokenRotation rotation, MakeRotation(component, environment));
    quotas = std::make_shared<TokenQuotas>(environment, std::move(rotation));
  }
  return std::unique_ptr<Authenticator>(std::make_unique<RotatingTokenAuthenticator>(quotas));
}

}  // namespace millrace
