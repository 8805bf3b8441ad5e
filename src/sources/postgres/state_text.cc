#include "sources/postgres/state_text.h"

#include <nlohmann/json.hpp>

namespace millrace {

std::string StateText(const Json& state, const char* key) {
  const auto found = state.find(key);
  return found != state.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace millrace
