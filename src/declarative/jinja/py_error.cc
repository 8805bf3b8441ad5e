#include "declarative/jinja/py_error.h"

#include <fmt/format.h>

namespace millrace {

Status PyError(std::string_view exception, std::string_view what) {
  return SystemError("{}: {}", exception, what);
}

bool IsPyError(const Status& status, std::string_view exception) {
  if (status.ok()) return false;
  const std::string_view message = status.error().message;
  const size_t at = message.find(fmt::format("{}: ", exception));
  // At the front, or behind the context that was put before it.
  return at == 0 || (at != std::string_view::npos && message[at - 1] == ' ');
}

}  // namespace millrace
