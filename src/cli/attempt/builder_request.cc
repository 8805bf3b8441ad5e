#include "cli/attempt/builder_request.h"

#include <nlohmann/json.hpp>

#include "declarative/jinja/py_json.h"

namespace millrace {
namespace {

Result<std::map<std::string, PyValue>> StatesIn(const Json& messages) {
  std::map<std::string, PyValue> states;
  if (messages.is_null()) return states;
  if (!messages.is_array()) return ConfigError("state must be a list of state messages");
  for (const Json& given : messages) {
    // With or without the envelope of the protocol's message.
    const Json message = given.is_object() ? given.value("state", given) : given;
    const Json stream = message.is_object() ? message.value("stream", Json()) : Json();
    const Json descriptor = stream.is_object() ? stream.value("stream_descriptor", Json()) : Json();
    const Json name = descriptor.is_object() ? descriptor.value("name", Json()) : Json();
    if (!name.is_string()) {
      return ConfigError(
          "state must be a list of {{\"type\": \"STREAM\", \"stream\": {{\"stream_descriptor\": "
          "{{\"name\": …}}, \"stream_state\": {{…}}}}}}");
    }
    const Json state = stream.value("stream_state", Json::object());
    if (!state.is_object()) return ConfigError("state: a stream_state must be an object");
    MR_ASSIGN_OR_RETURN(states[name.get<std::string>()], ParsePyJson(state.dump()));
  }
  return states;
}

}  // namespace

Result<BuilderRequest> TakeBuilderRequest(Json* config) {
  const Json asked = config->value(kBuilderRequestKey, Json::object());
  config->erase(kBuilderRequestKey);
  BuilderRequest request;
  request.stream = asked.value("stream", "");
  MR_ASSIGN_OR_RETURN(request.states, StatesIn(asked.value("state", Json())));
  request.limits.records = asked.value("records", request.limits.records);
  request.limits.pages = asked.value("pages", request.limits.pages);
  request.limits.slices = asked.value("slices", request.limits.slices);
  request.streams_max = asked.value("streams", request.streams_max);
  return request;
}

}  // namespace millrace
