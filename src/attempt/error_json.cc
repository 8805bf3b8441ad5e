#include "attempt/error_json.h"

#include <nlohmann/json.hpp>

#include "protocol/catalog.h"

namespace millrace {

Json ErrorToJson(const Error& error) {
  Json json{{"type", ToString(error.type)}, {"message", error.message}};
  if (!error.internal.empty()) json["internal"] = error.internal;
  if (error.stream) json["stream"] = ToJson(*error.stream);
  return json;
}

Error ErrorFromJson(const Json& json) {
  Error error;
  if (!json.is_object() || !json.contains("message") || !json["message"].is_string()) {
    error.message = "an error that is none: " + json.dump();
    return error;
  }
  error.message = json["message"].get<std::string>();
  const Json type = json.value("type", Json());
  for (const FailureType known : {FailureType::kConfigError, FailureType::kTransientError}) {
    if (type == Json(ToString(known))) error.type = known;
  }
  const Json internal = json.value("internal", Json());
  if (internal.is_string()) error.internal = internal.get<std::string>();
  if (json.contains("stream")) {
    auto stream = StreamDescriptorFromJson(json["stream"]);
    if (stream.ok()) error.stream = *std::move(stream);
  }
  return error;
}

}  // namespace millrace
