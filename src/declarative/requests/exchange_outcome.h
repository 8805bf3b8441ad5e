#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/status.h"
#include "declarative/jinja/py_value.h"
#include "declarative/requests/api_response.h"

namespace millrace {

/// What an attempt came to, for those who judge it: a reply, or the exception that requests would
/// have raised. What is read of the reply is read once. One thread.
class ExchangeOutcome {
 public:
  explicit ExchangeOutcome(std::shared_ptr<const ApiResponse> response)
      : response_(std::move(response)) {}
  /// `failure` is a PyError.
  explicit ExchangeOutcome(Status failure) : failure_(std::move(failure)) {}

  /// Null: it failed.
  const ApiResponse* response() const { return response_.get(); }
  const std::shared_ptr<const ApiResponse>& shared_response() const { return response_; }
  /// "ConnectionError: what happened"; empty when there is a reply.
  std::string exception() const { return failure_.ok() ? "" : failure_.error().message; }
  /// Its class alone.
  std::string exception_class() const;

  // Require a reply.
  /// The body as JSON (json.loads); an empty dict when it is none.
  const PyValue& Json() const;
  bool is_json() const;
  const PyValue& Headers() const;
  /// What the body says went wrong: text found in its JSON, else the body itself; none when that
  /// isn't UTF-8 or the JSON has no such text.
  const std::optional<std::string>& ErrorMessage() const;
  /// The URL without query, fragment and user.
  PyValue RequestUrl() const;

 private:
  const std::shared_ptr<const ApiResponse> response_;
  const Status failure_;
  mutable std::optional<PyValue> json_, headers_;
  mutable bool is_json_ = false;
  mutable std::optional<std::optional<std::string>> message_;
};

}  // namespace millrace
