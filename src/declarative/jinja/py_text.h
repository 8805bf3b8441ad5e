#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace millrace {

// Text is UTF-8 here and a row of code points to Python. Lone surrogates are encoded like any other
// code point (three bytes); a byte that fits nowhere counts as one code point of its own.

/// The code point that starts at `*at`, which is moved behind it. Requires *at < text.size().
char32_t NextCodePoint(std::string_view text, size_t* at);
void AppendCodePoint(char32_t code, std::string* text);
int64_t CodePointLength(std::string_view text);
/// The byte where code point `index` starts; text.size() when there are no more than that.
size_t CodePointOffset(std::string_view text, int64_t index);

/// str.isprintable of one character, str.isspace of one character.
bool IsPrintable(char32_t code);
bool IsPySpace(char32_t code);

}  // namespace millrace
