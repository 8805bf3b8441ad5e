#include "base/status.h"

#include "base/check.h"

namespace millrace {

Status Status::Failed(Error error) {
  Status status(StatusCode::kFailed);
  status.error_ = std::make_shared<const Error>(std::move(error));
  return status;
}

const Error& Status::error() const {
  MR_CHECK(failed(), "Status::error() on a status without an error");
  return *error_;
}

Status Status::WithContext(std::string_view context) const {
  if (!failed()) return *this;
  Error error = *error_;
  error.message = fmt::format("{}: {}", context, error.message);
  return Failed(std::move(error));
}

Status Status::WithStream(const StreamDescriptor& stream) const {
  if (!failed() || error_->stream) return *this;
  Error error = *error_;
  error.stream = stream;
  return Failed(std::move(error));
}

std::string Status::ToString() const {
  switch (code_) {
    case StatusCode::kOk:
      return "ok";
    case StatusCode::kFailed:
      return error_->message;
    case StatusCode::kDeadline:
      return "deadline passed";
    case StatusCode::kStreamStopped:
      return "stream stopped";
    case StatusCode::kCanceled:
      return "canceled";
  }
  return "unknown";
}

}  // namespace millrace
