#include "declarative/records/snake_case.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "declarative/jinja/py_text.h"
#include "declarative/records/ascii_spellings.h"

namespace millrace {
namespace {

/// Null: nobody here knows.
const char* SpellingOf(char32_t character) {
  for (const AsciiSpellings& range : kAsciiSpellings) {
    if (character >= range.first && character < range.first + range.count) {
      return range.spellings[character - range.first];
    }
  }
  return nullptr;
}

Result<std::string> InAscii(const std::string& key) {
  std::string ascii;
  for (size_t at = 0; at < key.size();) {
    const char32_t character = NextCodePoint(key, &at);
    if (character < 0x80) {
      ascii += static_cast<char>(character);
    } else if (const char* const spelling = SpellingOf(character)) {
      ascii += spelling;
    } else {
      return SystemError(
          "KeysToSnakeCase: the key \"{}\" has a character that can't be spelt in ASCII", key);
    }
  }
  return ascii;
}

bool IsUpper(char character) { return character >= 'A' && character <= 'Z'; }
bool IsLower(char character) { return character >= 'a' && character <= 'z'; }
bool IsDigit(char character) { return character >= '0' && character <= '9'; }

/// Words, runs of digits, and an empty one for whatever stands between.
std::vector<std::string_view> Tokens(std::string_view key) {
  std::vector<std::string_view> tokens;
  const auto run = [&](size_t from, bool (*is)(char)) {
    while (from < key.size() && is(key[from])) ++from;
    return from;
  };
  for (size_t at = 0; at < key.size();) {
    size_t end = at;
    if (IsUpper(key[at]) || IsLower(key[at])) {
      end = run(run(at, IsUpper), IsLower);
    } else if (IsDigit(key[at])) {
      end = run(at, IsDigit);
    } else {
      const auto between = [](char c) { return !IsUpper(c) && !IsLower(c) && !IsDigit(c); };
      at = run(at, between);
      tokens.emplace_back();
      continue;
    }
    tokens.push_back(key.substr(at, end - at));
    at = end;
  }
  return tokens;
}

}  // namespace

Result<std::string> SnakeCaseKey(const std::string& key) {
  MR_ASSIGN_OR_RETURN(const std::string ascii, InAscii(key));
  std::vector<std::string_view> tokens = Tokens(ascii);
  if (tokens.size() >= 3) {
    tokens.erase(std::remove(tokens.begin() + 1, tokens.end() - 1, std::string_view()),
                 tokens.end() - 1);
  }
  if (!tokens.empty() && !tokens[0].empty() && IsDigit(tokens[0][0])) {
    tokens.insert(tokens.begin(), std::string_view());
  }
  std::string name;
  for (size_t at = 0; at < tokens.size(); ++at) {
    if (at > 0) name += '_';
    for (const char character : tokens[at]) {
      name += static_cast<char>(IsUpper(character) ? character + ('a' - 'A') : character);
    }
  }
  return name;
}

}  // namespace millrace
