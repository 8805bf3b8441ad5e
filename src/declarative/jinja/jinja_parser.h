#pragma once

#include <string_view>

#include "declarative/jinja/jinja_node.h"

namespace millrace {

/// Reads a template as a list of statements. Fails with a TemplateSyntaxError, or a RecursionError
/// when it nests deeper than kJinjaDepthMax.
Result<JinjaNodes> ParseJinja(std::string_view source);

inline constexpr size_t kJinjaDepthMax = 200;

}  // namespace millrace
