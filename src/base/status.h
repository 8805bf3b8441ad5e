#pragma once

#include <fmt/format.h>

#include <memory>
#include <string>
#include <utility>

#include "base/error.h"

namespace millrace {

/// Why a call did not simply succeed. Only kFailed carries an Error; the others are outcomes that
/// the caller asked for or must act upon.
enum class StatusCode {
  kOk,
  kFailed,         ///< see error()
  kDeadline,       ///< the deadline passed and nothing was done: do your own upkeep, call again
  kStreamStopped,  ///< this stream is given up: stop reading it, go on with the others
  kCanceled,       ///< stop everything, quickly, without an error of your own
};

/// The result of a call that returns nothing. Cheap when ok (one null pointer). A plain value.
class [[nodiscard]] Status {
 public:
  Status() = default;
  static Status Ok() { return Status(); }
  static Status Failed(Error error);
  static Status Deadline() { return Status(StatusCode::kDeadline); }
  static Status StreamStopped() { return Status(StatusCode::kStreamStopped); }
  static Status Canceled() { return Status(StatusCode::kCanceled); }

  bool ok() const { return code_ == StatusCode::kOk; }
  StatusCode code() const { return code_; }
  bool failed() const { return code_ == StatusCode::kFailed; }
  bool canceled() const { return code_ == StatusCode::kCanceled; }

  /// Requires failed().
  const Error& error() const;

  /// The same failure with "context: " before its message; anything else unchanged. Add it once
  /// per layer, as a gerund: "reading public.orders".
  Status WithContext(std::string_view context) const;
  /// The same failure, about `stream` unless it already names one.
  Status WithStream(const StreamDescriptor& stream) const;

  /// The message, or the outcome's name.
  std::string ToString() const;

 private:
  explicit Status(StatusCode code) : code_(code) {}

  StatusCode code_ = StatusCode::kOk;
  std::shared_ptr<const Error> error_;
};

/// The user must change something.
template <typename... Args>
Status ConfigError(fmt::format_string<Args...> format, Args&&... args) {
  return Status::Failed(
      {FailureType::kConfigError, fmt::format(format, std::forward<Args>(args)...), {}, {}});
}
/// Worth a retry.
template <typename... Args>
Status TransientError(fmt::format_string<Args...> format, Args&&... args) {
  return Status::Failed(
      {FailureType::kTransientError, fmt::format(format, std::forward<Args>(args)...), {}, {}});
}
/// A fault that neither the user nor time mends.
template <typename... Args>
Status SystemError(fmt::format_string<Args...> format, Args&&... args) {
  return Status::Failed(
      {FailureType::kSystemError, fmt::format(format, std::forward<Args>(args)...), {}, {}});
}

}  // namespace millrace

/// Returns from the enclosing function with the status of `expression` unless it is ok.
#define MR_RETURN_IF_ERROR(expression)                                                  \
  do {                                                                                  \
    if (::millrace::Status mr_status = (expression); !mr_status.ok()) return mr_status; \
  } while (false)
