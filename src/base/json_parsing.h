#pragma once

#include <string_view>

#include "base/json.h"

namespace millrace {

/// How much a text that others wrote may ask for. A plain value.
struct JsonBounds {
  /// Arrays and objects within each other. Whoever copies, prints or walks a value does so on the
  /// stack, which thousands of them exhaust.
  int depth_max = 500;
};

/// Parses JSON that others wrote: connectors, callers of the API, users. Of a key that stands twice
/// in an object the last value counts. Takes time in proportion to the text, however many keys an
/// object has. A discarded value when the text is not JSON or goes beyond `bounds`; `*fault` then
/// says which ("it is not JSON"), and is null otherwise.
Json ParseJson(std::string_view text, const JsonBounds& bounds = {}, const char** fault = nullptr);

}  // namespace millrace
