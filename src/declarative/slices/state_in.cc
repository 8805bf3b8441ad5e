#include "declarative/slices/state_in.h"

#include <nlohmann/json.hpp>

#include "declarative/jinja/py_json.h"

namespace millrace {

Result<std::map<std::string, PyValue>> StatesByStream(const State& state) {
  if (state.shared_state() && !(**state.shared_state()).empty()) {
    return ConfigError(
        "the state is a GLOBAL one with a shared part, which no low-code connector makes: it "
        "belongs to another source; start this one without a state");
  }
  std::map<std::string, PyValue> states;
  for (const auto& [stream, json] : state.streams()) {
    if (stream.name_space || !json->is_object() || json->empty()) continue;
    MR_ASSIGN_OR_RETURN(PyValue value, ParsePyJson(json->dump(), PyJsonDialect::kPython));
    states.emplace(stream.name, std::move(value));
  }
  return states;
}

}  // namespace millrace
