#pragma once

#include <string>
#include <string_view>

namespace millrace {

// Python's case mappings of text, of any script.

std::string PyLower(std::string_view text);
std::string PyUpper(std::string_view text);
std::string PySwapCase(std::string_view text);
/// The first character in upper case, the others in lower case.
std::string PyCapitalize(std::string_view text);
/// The same for each word: a run of letters that have case.
std::string PyTitle(std::string_view text);

// Of one character: whether it's the upper (lower) one of a pair.
bool IsPyUpper(char32_t code);
bool IsPyLower(char32_t code);

}  // namespace millrace
