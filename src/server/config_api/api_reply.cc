#include "server/config_api/api_reply.h"

#include <nlohmann/json.hpp>

#include "base/log.h"
#include "base/secrets.h"
#include "server/openapi/openapi_document.h"

namespace millrace {
namespace {

ApiReply Refused(int status, const std::string& message) {
  return {status, Json{{"message", Secrets::Redact(message)}}};
}

/// The field that names a `what`: "sourceId", "sourceDefinitionId".
std::string IdFieldOf(std::string_view what) {
  if (what == "event") return "connectionEventId";
  if (what == "definition") return "actorDefinitionId";
  std::string field;
  for (size_t i = 0; i < what.size(); ++i) {
    if (what[i] == ' ') continue;
    const bool begins = i > 0 && what[i - 1] == ' ' && what[i] >= 'a' && what[i] <= 'z';
    field += begins ? static_cast<char>(what[i] - 'a' + 'A') : what[i];
  }
  return field + "Id";
}

/// Whether requests have a field of that name, as the API's document says.
bool IsRequestField(std::string_view name) {
  const std::string_view document = OpenApiText();
  const std::string key = std::string(name) + ":";
  for (size_t at = 0; (at = document.find(key, at)) != document.npos; ++at) {
    if (at > 0 && (document[at - 1] == ' ' || document[at - 1] == '{')) return true;
  }
  return false;
}

/// The field that a message is about, where it begins with it ("scheduleType is x; …"); empty when
/// it doesn't, or when its first word is no field's name.
std::string FieldNamedIn(const std::string& message) {
  if (message.starts_with("stream ") || message.starts_with("the stream ")) return "syncCatalog";
  if (message.starts_with("cron \"")) return "scheduleData.cron.cronExpression";
  const size_t end =
      message.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.");
  if (end == 0 || end == message.npos) return "";
  if (!IsRequestField(std::string_view(message).substr(0, std::min(message.find('.'), end)))) {
    return "";
  }
  const std::string_view rest = std::string_view(message).substr(end);
  for (const std::string_view follows : {" is ", " has ", " must ", ": "}) {
    if (rest.starts_with(follows)) return message.substr(0, end);
  }
  return "";
}

}  // namespace

ApiReply NoContent() { return {204, Json(), /*has_body=*/false}; }

ApiReply NotFound(std::string_view what, const std::string& id) {
  if (id.empty()) {
    const std::string field = IdFieldOf(what);
    return Unprocessable(field, field + " is missing");
  }
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

ApiReply ConnectorFailure(const Status& status) {
  const bool config = status.failed() && status.error().type == FailureType::kConfigError;
  return config ? Unprocessable("", status.error().message) : Failure(status);
}

ApiReply Failure(const Status& status) {
  if (!status.failed()) return Refused(500, "the call was given up");
  const Error& error = status.error();
  if (error.type == FailureType::kConfigError)
    return Unprocessable(FieldNamedIn(error.message), error.message);
  Log(LogLevel::kError, "a call failed: {} ({})", error.message, error.internal);
  if (error.type == FailureType::kTransientError) return Refused(503, error.message);
  return Refused(500, "the server failed: see its log");
}

}  // namespace millrace
