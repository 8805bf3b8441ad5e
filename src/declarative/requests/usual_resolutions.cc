#include <fmt/format.h>

#include "base/secrets.h"
#include "declarative/requests/error_handler.h"

namespace millrace {
namespace {

constexpr auto kConfig = FailureType::kConfigError;
constexpr auto kTransient = FailureType::kTransientError;
constexpr auto kSystem = FailureType::kSystemError;

struct StatusMeaning {
  int status;
  ResponseAction action;
  FailureType type;
  const char*
      what;  // follows "HTTP Status Code: 400. Error: ", the words that Airbyte's users know
};

constexpr StatusMeaning kStatuses[] = {
    {400, ResponseAction::kFail, kSystem, "Bad request. Please check your request parameters."},
    {401, ResponseAction::kFail, kConfig,
     "Unauthorized. Please ensure you are authenticated correctly."},
    {403, ResponseAction::kFail, kConfig,
     "Forbidden. You don't have permission to access this resource."},
    {404, ResponseAction::kFail, kSystem,
     "Not found. The requested resource was not found on the server."},
    {405, ResponseAction::kFail, kSystem, "Method not allowed. Please check your request method."},
    {408, ResponseAction::kRetry, kTransient, "Request timeout."},
    {429, ResponseAction::kRateLimited, kTransient, "Too many requests."},
    {500, ResponseAction::kRetry, kTransient, "Internal server error."},
    {502, ResponseAction::kRetry, kTransient, "Bad gateway."},
    {503, ResponseAction::kRetry, kTransient, "Service unavailable."},
    {504, ResponseAction::kRetry, kTransient, "Gateway timeout."},
};

struct ExceptionMeaning {
  std::string_view exception;
  ErrorResolution resolution;
};

const std::vector<ExceptionMeaning>& Exceptions() {
  static const std::vector<ExceptionMeaning> meanings = {
      {"InvalidSchema",
       {ResponseAction::kFail, kConfig,
        "Invalid Protocol Schema: The endpoint that data is being requested from is using an "
        "invalid or insecure. Exception: requests.exceptions.InvalidSchema"}},
      {"InvalidURL",
       {ResponseAction::kRetry, kTransient,
        "Invalid URL specified or DNS error occurred: The endpoint that data is being requested "
        "from is not a valid URL. Exception: requests.exceptions.InvalidURL"}},
      {"RequestException",
       {ResponseAction::kRetry, kTransient,
        "An exception occurred when making the request. Exception: "
        "requests.exceptions.RequestException"}}};
  return meanings;
}

}  // namespace

const ErrorResolution* UsualResolution(int status) {
  static const std::vector<ErrorResolution> resolutions = [] {
    std::vector<ErrorResolution> all;
    for (const StatusMeaning& meaning : kStatuses) {
      all.push_back({meaning.action, meaning.type,
                     fmt::format("HTTP Status Code: {}. Error: {}", meaning.status, meaning.what)});
    }
    return all;
  }();
  for (size_t i = 0; i < resolutions.size(); ++i) {
    if (kStatuses[i].status == status) return &resolutions[i];
  }
  return nullptr;
}

const ErrorResolution* UsualResolution(std::string_view exception) {
  for (const ExceptionMeaning& meaning : Exceptions()) {
    if (meaning.exception == exception) return &meaning.resolution;
  }
  return nullptr;
}

ErrorResolution FallbackResolution(const ExchangeOutcome& outcome) {
  ErrorResolution resolution{ResponseAction::kRetry, kSystem, outcome.exception()};
  const ApiResponse* response = outcome.response();
  if (response == nullptr) return resolution;
  const int status = response->status;
  if (status < 400 || status >= 600) {
    resolution.message = fmt::format("Unexpected response with HTTP status {}", status);
    return resolution;
  }
  resolution.message = Secrets::Redact(fmt::format(
      "Response was not ok: `{} {} Error: {} for url: {}`. Response content is: {}", status,
      status < 500 ? "Client" : "Server", response->reason, response->url, response->Text()));
  return resolution;
}

}  // namespace millrace
