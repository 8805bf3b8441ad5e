#include "declarative/requests/quota_status.h"

#include <algorithm>

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_json.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/requests/prepared_request.h"
#include "declarative/requests/python_number.h"

namespace millrace {
namespace {

/// The usual meanings, but for statuses that say that there are no quotas.
class StatusErrorHandler final : public ErrorHandler {
 public:
  explicit StatusErrorHandler(std::vector<int> unavailable)
      : unavailable_(std::move(unavailable)), usual_(MakeDefaultErrorHandler()) {}
  Result<ErrorResolution> Interpret(const ExchangeOutcome& outcome) const override {
    const ApiResponse* response = outcome.response();
    if (response != nullptr && std::find(unavailable_.begin(), unavailable_.end(),
                                         response->status) != unavailable_.end()) {
      return ErrorResolution{ResponseAction::kIgnore, FailureType::kTransientError, ""};
    }
    return usual_->Interpret(outcome);
  }

 private:
  const std::vector<int> unavailable_;
  const std::unique_ptr<ErrorHandler> usual_;
};

/// One token, always the same.
class FixedToken final : public Authenticator {
 public:
  FixedToken(std::string header, std::string value)
      : header_(std::move(header)), value_(std::move(value)) {}
  Result<PyValue> Header(std::stop_token) override {
    return PyValue(PyDict({{PyValue(header_), PyValue(value_)}}));
  }
  Result<std::string> Token(std::stop_token) override { return value_; }

 private:
  const std::string header_, value_;
};

Result<PyValue> At(const PyValue& body, const std::vector<std::string>& path,
                   const TokenQuota& quota, std::string_view field) {
  PyValue value = body;
  for (const std::string& key : path) {
    const PyValue* next = value.Find(key);
    if (next == nullptr) {
      return SystemError(
          "Quota status response does not contain the configured {} path for token quota \"{}\".",
          field, quota.name);
    }
    value = PyValue(*next);
  }
  return value;
}

Result<QuotaStatus> Read(const PyValue& body, const TokenQuota& quota) {
  QuotaStatus status;
  MR_ASSIGN_OR_RETURN(const PyValue remaining, At(body, quota.remaining_path, quota, "remaining"));
  MR_ASSIGN_OR_RETURN(const PyValue reset, At(body, quota.reset_path, quota, "reset"));
  PyValue limit = remaining;
  if (!quota.limit_path.empty()) {
    MR_ASSIGN_OR_RETURN(limit, At(body, quota.limit_path, quota, "limit"));
  }
  MR_ASSIGN_OR_RETURN(status.remaining, PyInt64Of(remaining));
  MR_ASSIGN_OR_RETURN(status.limit, PyInt64Of(limit));
  const auto when = ParseFlexibleTime(PyStr(reset));
  if (!when) return PyError("ValueError", "Could not parse datetime string: " + PyRepr(reset));
  status.reset_at = when->when;
  return status;
}

}  // namespace

std::unique_ptr<RequestSender> MakeQuotaStatusSender(const EngineEnvironment& environment,
                                                     const TokenRotation& rotation,
                                                     const std::string& token) {
  const std::string value = rotation.method + " " + token;
  return std::make_unique<RequestSender>(
      environment, nullptr, std::make_unique<StatusErrorHandler>(rotation.unavailable_statuses),
      std::make_shared<FixedToken>(rotation.header, value),
      RequestSender::Options{.name = "quota_status"});
}

Result<std::vector<QuotaStatus>> AskQuotaStatus(RequestSender& sender,
                                                const TokenRotation& rotation,
                                                const std::stop_token& stop) {
  RequestOptions options;
  PyDict headers;
  for (const auto& [name, value] : rotation.status_headers) {
    headers.Set(std::string_view(name), PyValue(value));
  }
  options.headers = PyValue(std::move(headers));
  MR_ASSIGN_OR_RETURN(ApiRequest request,
                      PrepareRequest(rotation.status_method, rotation.status_url, options));
  MR_RETURN_IF_ERROR(sender.authenticator().Sign(&request, stop));
  MR_ASSIGN_OR_RETURN(const ApiReply reply, sender.Send(std::move(request), stop));
  std::vector<QuotaStatus> all;
  const int status = reply.response == nullptr ? 0 : reply.response->status;
  const auto& unavailable = rotation.unavailable_statuses;
  if (std::find(unavailable.begin(), unavailable.end(), status) != unavailable.end()) {
    all.assign(rotation.quotas.size(), QuotaStatus{.tracked = false});
    return all;
  }
  if (reply.response == nullptr) return SystemError("the quota status can't be read");
  MR_ASSIGN_OR_RETURN(const PyValue body,
                      ParsePyJson(std::string_view(reply.response->body), PyJsonDialect::kPython));
  for (const TokenQuota& quota : rotation.quotas) {
    MR_ASSIGN_OR_RETURN(const QuotaStatus read, Read(body, quota));
    all.push_back(read);
  }
  return all;
}

}  // namespace millrace
