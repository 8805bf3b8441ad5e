#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

// Where libyaml reads otherwise than PyYAML does.

/// A quoted or block scalar, from its first character to behind its last one, counted in code
/// points from 0; a byte order mark doesn't count.
struct YamlSpan {
  size_t begin = 0, end = 0;
};

struct YamlPlace {
  int line = 0, column = 0;  ///< from 1
};

/// The first tab that is neither in one of the spans (in their order) nor in a comment: PyYAML
/// takes no tabs between tokens and in plain scalars.
std::optional<YamlPlace> FindTabBetweenTokens(std::string_view text,
                                              const std::vector<YamlSpan>& spans);

/// The text with JSON's pairs of escaped surrogates as one escape each, which libyaml reads.
std::string JoinEscapedSurrogates(std::string_view text);

/// The text with a space behind the character at `index` (in code points, as YamlSpan counts).
std::string WithSpaceAfter(std::string_view text, size_t index);

}  // namespace millrace
