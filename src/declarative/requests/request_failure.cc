#include "declarative/requests/request_failure.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/secrets.h"
#include "declarative/jinja/py_operators.h"

namespace millrace {
namespace {

constexpr std::string_view kRequestExceptions[] = {
    "ConnectionError",      "ReadTimeout",      "ConnectTimeout",  "SSLError",
    "ProxyError",           "InvalidURL",       "InvalidSchema",   "ChunkedEncodingError",
    "ContentDecodingError", "TooManyRedirects", "RequestException"};
constexpr size_t kBodyBytesMax = 10'000;

/// "404" or the exception.
std::string HowItEnded(const ExchangeOutcome& outcome) {
  if (outcome.response() == nullptr) return fmt::format("exception '{}'", outcome.exception());
  return fmt::format("status code '{}'", outcome.response()->status);
}

PyValue HeaderDict(const ApiResponse& response) {
  PyDict headers;
  for (const auto& [name, value] : response.headers) {
    headers.Append(PyValue(name), PyValue(value));
  }
  return headers;
}

}  // namespace

bool IsRequestException(const Status& failure) {
  if (!failure.failed()) return false;
  const std::string_view message = failure.error().message;
  return std::any_of(std::begin(kRequestExceptions), std::end(kRequestExceptions),
                     [message](std::string_view exception) {
                       return message.starts_with(exception) &&
                              message.substr(exception.size()).starts_with(": ");
                     });
}

Status FailedRequest(const ApiRequest& request, const ExchangeOutcome& outcome,
                     const ErrorResolution& resolution) {
  std::string what;
  if (const ApiResponse* response = outcome.response(); response == nullptr) {
    what = fmt::format("'{}' request to '{}' failed with exception: '{}'", request.method,
                       request.url, outcome.exception());
  } else {
    what = fmt::format(
        "'{}' request to '{}' failed with status code '{}' and error message: '{}'. Request "
        "(body): '{}'. Response (body): '{}'. Response (headers): '{}'.",
        request.method, request.url, response->status, outcome.ErrorMessage().value_or("None"),
        request.has_body ? request.body : "None",
        outcome.is_json() ? PyStr(outcome.Json()) : response->body.substr(0, kBodyBytesMax),
        PyStr(HeaderDict(*response)));
  }
  what = Secrets::Redact(what);
  return Status::Failed({resolution.failure_type.value_or(FailureType::kSystemError),
                         resolution.message.empty() ? what : resolution.message,
                         what,
                         {}});
}

std::string IgnoredRequest(const ApiRequest& request, const ExchangeOutcome& outcome,
                           const ErrorResolution& resolution) {
  if (!resolution.message.empty()) return resolution.message;
  return Secrets::Redact(fmt::format("Ignoring response for '{}' request to '{}' with {}",
                                     request.method, request.url, HowItEnded(outcome)));
}

std::string UnexplainedRetry(const ApiRequest& request, const ErrorResolution& resolution) {
  return Secrets::Redact(
      fmt::format("Request to {} failed with failure type {}, response action {}.", request.url,
                  resolution.failure_type ? ToString(*resolution.failure_type) : "None",
                  ToString(resolution.action)));
}

Status RejectedAgain(const ApiRequest& request, const ExchangeOutcome& outcome,
                     const ErrorResolution& resolution, bool refreshed) {
  std::string internal = fmt::format("'{}' request to '{}' was rejected with {}{}", request.method,
                                     request.url, HowItEnded(outcome),
                                     refreshed ? " again after the OAuth token was refreshed"
                                               : " and the OAuth token could not be refreshed");
  if (!resolution.message.empty()) internal += ": " + resolution.message;
  return Status::Failed(
      {refreshed ? FailureType::kConfigError : FailureType::kTransientError,
       refreshed ? "Refreshed OAuth access token is rejected by the API."
                 : "API rejects the current OAuth access token and the token refresh failed.",
       Secrets::Redact(internal),
       {}});
}

}  // namespace millrace
