#include "declarative/requests/oauth_refresh.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <random>

#include "base/secrets.h"
#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_json.h"
#include "declarative/jinja/py_number_text.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/requests/exchange_watch.h"
#include "declarative/requests/prepared_request.h"

namespace millrace {
namespace {

constexpr int kSearchDepthMax = 5;
constexpr size_t kDetailMax = 64;

/// The member of that name, wherever in the answer it stands.
Result<PyValue> Search(const PyValue& value, const std::string& name, int depth) {
  if (depth > kSearchDepthMax) {
    return ConfigError(
        "The maximum level of recursion is reached. Couldn't find the specified `{}` in the "
        "response.",
        name);
  }
  if (value.is_dict()) {
    if (const PyValue* found = value.Find(name)) return *found;
    for (const auto& [key, member] : value.dict()) {
      MR_ASSIGN_OR_RETURN(const PyValue found, Search(member, name, depth + 1));
      if (!found.is_none()) return found;
    }
  } else if (value.is_list()) {
    for (const PyValue& item : value.items()) {
      MR_ASSIGN_OR_RETURN(const PyValue found, Search(item, name, depth + 1));
      if (!found.is_none()) return found;
    }
  }
  return PyValue();
}

/// A provider's code at the front of a description: letters and digits, as "AADSTS50173".
std::string ProviderCode(std::string_view text) {
  const size_t begin = std::min(text.find_first_not_of(" \t\r\n"), text.size());
  text.remove_prefix(begin);
  const auto count = [&](size_t from, int (*is)(int)) {
    size_t n = from;
    while (n < text.size() && is(static_cast<unsigned char>(text[n])) != 0) ++n;
    return n;
  };
  const size_t letters = count(0, std::isalpha);
  const size_t end = count(letters, std::isdigit);
  const bool ends = end == text.size() ||
                    (std::isalnum(static_cast<unsigned char>(text[end])) == 0 && text[end] != '_');
  if (letters < 3 || end - letters < 4 || !ends) return "";
  return std::string(text.substr(0, end));
}

/// The same for every try of one failure: the error's name and code, without prose.
std::string ProviderDetail(const PyValue& answer) {
  std::string detail;
  const PyValue* error = answer.Find("error");
  if (error != nullptr && error->is_str()) detail = error->str();
  const PyValue* description = answer.Find("error_description");
  if (description != nullptr && description->is_str()) {
    const std::string code = ProviderCode(description->str());
    if (!code.empty()) detail += (detail.empty() ? "" : ": ") + code;
  }
  if (detail.size() > kDetailMax) detail = detail.substr(0, kDetailMax) + "...";
  return detail;
}

double Random() {
  thread_local std::minstd_rand random(std::random_device{}());
  return std::uniform_real_distribution<double>(0, 1)(random);
}

}  // namespace

Result<ApiRequest> OauthRefresh::MakeRequest(const OauthTokens& tokens,
                                             const std::stop_token& stop) const {
  const InterpolationContext context(*environment_.clock, environment_.config);
  MR_ASSIGN_OR_RETURN(const std::string url, settings_.endpoint.EvaluateText(context));
  if (url.empty()) {
    return PyError("ValueError",
                   "OAuthAuthenticator was unable to evaluate token_refresh_endpoint parameter");
  }
  RequestOptions options;
  if (assertion_ != nullptr) {
    MR_ASSIGN_OR_RETURN(options.headers, settings_.headers.Evaluate(context));
    MR_ASSIGN_OR_RETURN(const std::string grant_name,
                        settings_.grant_type_name.EvaluateText(context));
    MR_ASSIGN_OR_RETURN(PyValue grant, settings_.grant_type.Evaluate(context));
    MR_ASSIGN_OR_RETURN(std::string token, assertion_->Token(stop));
    options.body_data =
        PyDict({{PyValue(grant_name), std::move(grant)}, {"assertion", PyValue(std::move(token))}});
  } else {
    PyValue id, secret, refresh;
    MR_ASSIGN_OR_RETURN(id, settings_.client_id.Evaluate(context));
    MR_ASSIGN_OR_RETURN(secret, settings_.client_secret.Evaluate(context));
    const bool in_config = tokens.refresh_token().has_value();
    if (in_config) {
      id = tokens.credential("client_id").value_or(id);
      secret = tokens.credential("client_secret").value_or(secret);
      refresh = *tokens.refresh_token();
    } else if (settings_.has_refresh_token) {
      MR_ASSIGN_OR_RETURN(refresh, settings_.refresh_token.Evaluate(context));
      refresh = PyValue(PyStr(refresh));
    }
    MR_ASSIGN_OR_RETURN(options, settings_.Request(context, id, secret, refresh));
    const bool needs_id = !in_config && options.headers.Find("Authorization") == nullptr;
    if (needs_id && !PyTruthy(id)) {
      return PyError("ValueError", "OAuthAuthenticator was unable to evaluate client_id parameter");
    }
  }
  // requests takes text for headers and nothing else.
  if (options.headers.is_dict()) {
    for (const auto& [name, value] : options.headers.dict()) {
      if (value.is_str()) continue;
      return PyError("InvalidHeader", "the value of " + PyStr(name) +
                                          " in refresh_request_headers "
                                          "is no text: " +
                                          PyRepr(value));
    }
  }
  return PrepareRequest("POST", url, options);
}

Status OauthRefresh::Refused(const ApiResponse& response) const {
  const auto answer = ParsePyJson(std::string_view(response.body), PyJsonDialect::kPython);
  const std::string what =
      Secrets::Redact(fmt::format("HTTP {}: {}", response.status, response.body.substr(0, 1000)));
  if (answer.ok() && settings_.IsRejection(response.status, *answer)) {
    std::string message =
        "Refresh token was rejected by the OAuth provider (invalid, expired, or already used). "
        "Re-authenticate this source's credentials in its connection settings.";
    const std::string detail = Secrets::Redact(ProviderDetail(*answer));
    if (!detail.empty()) message += " Provider error: " + detail;
    return Status::Failed({FailureType::kConfigError, std::move(message), what, {}});
  }
  return PyError("HTTPError", fmt::format("{} {} Error: {} for url: {}", response.status,
                                          response.status < 500 ? "Client" : "Server",
                                          response.reason, response.url));
}

void OauthRefresh::Show(const ApiRequest& request, const ApiResponse& response) const {
  if (environment_.watch == nullptr) return;
  environment_.watch->Exchanged({.stream = {},
                                 .title = "Refresh token",
                                 .description = "Asks for an access token",
                                 .type = "AUTH",
                                 .auxiliary = true},
                                request, response);
}

Result<std::shared_ptr<const ApiResponse>> OauthRefresh::Send(const OauthTokens& tokens,
                                                              const std::stop_token& stop) const {
  const WallTime start = environment_.clock->WallNow();
  // Ends: the time is bounded, and the waits grow.
  for (int attempt = 0;; ++attempt) {
    const double elapsed =
        std::chrono::duration<double>(environment_.clock->WallNow() - start).count();
    MR_ASSIGN_OR_RETURN(const ApiRequest request, MakeRequest(tokens, stop));
    auto response = environment_.transport->Send(request, nullptr, stop);
    Status failure = response.status();
    bool network = false;
    if (response.ok()) {
      Show(request, **response);
      const int status = (*response)->status;
      if ((*response)->ok()) return response;
      if (status != 429 && status < 500) return Refused(**response);
      failure =
          PyError("DefaultBackoffException", fmt::format("the OAuth server answered {}", status));
    } else {
      network = IsPyError(failure, "ConnectionError") || IsPyError(failure, "ReadTimeout") ||
                IsPyError(failure, "SSLError") || IsPyError(failure, "ProxyError");
      if (!network) return failure;
    }
    if (elapsed >= kSecondsMax || environment_.tries_once) {
      if (!network) return failure;
      return Status::Failed({FailureType::kTransientError,
                             "OAuth access token refresh request failed due to a network error.",
                             failure.ToString(),
                             {}});
    }
    // Somewhere below 1, 2, 4, … seconds, so that clients part ways.
    const double seconds =
        std::min(std::ldexp(1.0, std::min(attempt, 20)) * Random(), kSecondsMax - elapsed);
    const auto span = std::chrono::duration_cast<std::chrono::nanoseconds>(
        std::chrono::duration<double>(seconds));
    if (!environment_.sleeper->Sleep(span, stop)) return Status::Canceled();
  }
}

Result<FlexibleTime> OauthRefresh::ExpiryOf(const PyValue& value) const {
  if (settings_.expires_at) {
    if (const auto time = ParseFlexibleTime(PyStr(value))) return *time;
    return PyError("ValueError", "Invalid token expiry date format: " + PyRepr(value));
  }
  const auto seconds = PyFloatOfText(PyStr(value));
  if (!seconds || !std::isfinite(*seconds) || std::abs(*seconds) > 1e11) {
    return PyError("ValueError", "Invalid expires_in value: " + PyRepr(value) +
                                     ". Expected number of seconds when no format specified.");
  }
  return FlexibleTime{
      environment_.clock->WallNow() + std::chrono::seconds(static_cast<int64_t>(*seconds)), 0};
}

Result<OauthAnswer> OauthRefresh::Read(const ApiResponse& response) const {
  const InterpolationContext context(*environment_.clock, environment_.config);
  MR_ASSIGN_OR_RETURN(const PyValue json,
                      ParsePyJson(std::string_view(response.body), PyJsonDialect::kPython));
  OauthAnswer answer;
  MR_ASSIGN_OR_RETURN(const std::string token_name,
                      settings_.access_token_name.EvaluateText(context));
  MR_ASSIGN_OR_RETURN(const PyValue token, Search(json, token_name, 0));
  if (!PyTruthy(token)) {
    return PyError("Exception",
                   "Token refresh API response was missing access token " + token_name);
  }
  answer.access_token = PyStr(token);
  Secrets::Register(answer.access_token);
  MR_ASSIGN_OR_RETURN(const std::string refresh_name,
                      settings_.refresh_token_name.EvaluateText(context));
  MR_ASSIGN_OR_RETURN(const PyValue refresh, Search(json, refresh_name, 0));
  if (!refresh.is_none()) {
    answer.refresh_token = PyStr(refresh);
    Secrets::Register(*answer.refresh_token);
  }
  MR_ASSIGN_OR_RETURN(const std::string expiry_name,
                      settings_.expires_in_name.EvaluateText(context));
  MR_ASSIGN_OR_RETURN(const PyValue expiry, Search(json, expiry_name, 0));
  if (!expiry.is_none()) {
    MR_ASSIGN_OR_RETURN(answer.expires, ExpiryOf(expiry));
  }
  return answer;
}

Result<OauthAnswer> OauthRefresh::Ask(const OauthTokens& tokens, std::stop_token stop) const {
  MR_ASSIGN_OR_RETURN(const auto response, Send(tokens, stop));
  return Read(*response);
}

}  // namespace millrace
