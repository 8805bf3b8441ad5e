#include "server/config_api/api_reply.h"

#include <nlohmann/json.hpp>

#include "base/log.h"
#include "base/secrets.h"

namespace millrace {
namespace {

ApiReply Refused(int status, const std::string& message) {
  return {status, Json{{"message", Secrets::Redact(message)}}};
}

}  // namespace

ApiReply NoContent() { return {204, Json(), /*has_body=*/false}; }

ApiReply NotFound(std::string_view what, const std::string& id) {
  return {404,
          Json{{"id", id}, {"message", fmt::format("there is no {} with the id {}", what, id)}}};
}

ApiReply Unprocessable(std::string_view field, const std::string& message) {
  const std::string text = Secrets::Redact(message);
  return {422, Json{{"message", text},
                    {"validationErrors",
                     Json::array({{{"propertyPath", std::string(field)}, {"message", text}}})}}};
}

ApiReply Conflict(const std::string& message) { return Refused(409, message); }

ApiReply Failure(const Status& status) {
  if (!status.failed()) return Refused(500, "the call was given up");
  const Error& error = status.error();
  if (error.type == FailureType::kConfigError) return Unprocessable("", error.message);
  Log(LogLevel::kError, "a call failed: {} ({})", error.message, error.internal);
  if (error.type == FailureType::kTransientError) return Refused(503, error.message);
  return Refused(500, "the server failed: see its log");
}

}  // namespace millrace
