#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace millrace {

/// Looks a variable of the environment up; empty: not set. Passed in, so that tests own it.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

/// The process's own environment.
Environment ProcessEnvironment();

/// A text with its references resolved.
struct ResolvedText {
  std::string text;
  bool replaced = false;  ///< true when a reference stood in it
};

/// Replaces `${NAME}` and `${env:NAME}` by the variable's value. Airbyte's placeholders
/// (`${STREAM_NAME}`, `${YEAR}` …) stay as they are, unless written with `env:`; `$${` gives `${`.
/// A config error names a variable that is not set, or shows a reference that is none.
Result<ResolvedText> ResolveEnvironment(std::string_view text, const Environment& environment);

}  // namespace millrace
