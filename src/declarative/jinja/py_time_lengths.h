#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace millrace {

/// How much of a text one of strptime's directives may take, in the order in which Python's regular
/// expression for it tries.
struct PyTimeLengths {
  std::array<size_t, 8> values{};
  size_t count = 0;

  /// None: the text doesn't begin as the directive wants it.
  static PyTimeLengths Of(char directive, std::string_view text);
  void Add(size_t length) { values[count++] = length; }
};

/// Whether the text begins with the word, in whatever case.
bool StartsWithIgnoringCase(std::string_view text, std::string_view word);

}  // namespace millrace
