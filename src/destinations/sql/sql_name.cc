#include "destinations/sql/sql_name.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <set>

#include "base/lower_case.h"

namespace millrace {
namespace {

/// What U+00C0 to U+017F decompose to without their marks; '_' where nothing is left of them.
constexpr std::string_view kLatin =
    "AAAAAA_CEEEEIIII_NOOOOO__UUUUY__aaaaaa_ceeeeiiii_nooooo__uuuuy_y"
    "AaAaAaCcCcCcCcDd__EeEeEeEeEeGgGgGgGgHh__IiIiIiIiI___JjKk_LlLlLl_"
    "___NnNnNn___OoOoOo__RrRrRrSsSsSsSsTtTt__UuUuUuUuUuUuWwYyYZzZzZzs";
static_assert(kLatin.size() == 0x180 - 0xC0);

bool IsMark(uint32_t c) {
  return (c >= 0x300 && c <= 0x36F) || (c >= 0x1AB0 && c <= 0x1AFF) ||
         (c >= 0x1DC0 && c <= 0x1DFF) || (c >= 0x20D0 && c <= 0x20FF) ||
         (c >= 0xFE00 && c <= 0xFE0F) || (c >= 0xFE20 && c <= 0xFE2F);
}

/// The next character of UTF-8 text; bytes that are none count one each.
uint32_t NextCharacter(std::string_view text, size_t& at) {
  const auto first = static_cast<unsigned char>(text[at++]);
  const int more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : first >= 0xC0 ? 1 : 0;
  if (more == 0) return first;
  uint32_t c = first & (0x3FU >> more);
  for (int i = 0; i < more && at < text.size(); ++i) {
    const auto next = static_cast<unsigned char>(text[at]);
    if ((next & 0xC0) != 0x80) break;
    c = c << 6 | (next & 0x3F);
    ++at;
  }
  return c;
}

char PlainLetter(uint32_t c) {
  if (c < 0x80) return std::isalnum(static_cast<int>(c)) != 0 ? static_cast<char>(c) : '_';
  if (c >= 0xC0 && c < 0x180) return kLatin[c - 0xC0];
  if (c >= 0xFF01 && c <= 0xFF5E) return PlainLetter(c - 0xFF01 + '!');  // full width
  if (c == 0xAA) return 'a';
  if (c == 0xBA) return 'o';
  if (c == 0xB2 || c == 0xB3) return static_cast<char>('2' + (c - 0xB2));
  if (c == 0xB9) return '1';
  return '_';
}

bool IsSpace(uint32_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/// Java's String.hashCode of ASCII text.
int32_t JavaHash(std::string_view text) {
  uint32_t hash = 0;
  for (const char c : text) hash = hash * 31 + static_cast<unsigned char>(c);
  return static_cast<int32_t>(hash);
}

uint64_t Fnv1a(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return hash;
}

}  // namespace

std::string SqlName(std::string_view name, size_t bytes_max) {
  std::string plain;
  for (size_t at = 0; at < name.size();) {
    const uint32_t c = NextCharacter(name, at);
    if (IsMark(c)) continue;
    if (IsSpace(c)) {  // a run of them is one underscore
      while (at < name.size() && IsSpace(static_cast<unsigned char>(name[at]))) ++at;
    }
    plain += PlainLetter(c);
  }
  if (plain.empty()) return "default_name";
  if (std::isdigit(static_cast<unsigned char>(plain[0])) != 0) plain = '_' + plain;
  if (plain.size() <= bytes_max) return plain;
  std::string hash = std::to_string(JavaHash(plain));
  if (hash.size() > 8) hash = hash.substr(hash.size() - 8);
  return plain.substr(0, bytes_max - 9) + '_' + hash;
}

std::string RawTableName(std::string_view name_space, std::string_view name) {
  const std::string both = std::string(name_space) + std::string(name);
  size_t longest = 1;  // never "_raw_stream_"
  size_t run = 0;
  for (const char c : both) {
    run = c == '_' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return LowerCaseOf(
      fmt::format("{}_raw{}stream_{}", name_space, std::string(longest + 1, '_'), name));
}

std::vector<std::string> SqlColumnNames(const std::vector<std::string>& columns, size_t bytes_max) {
  std::vector<std::string> names;
  std::set<std::string> taken;
  for (const std::string& column : columns) {
    const std::string plain = SqlName(column, bytes_max);
    std::string name = plain;
    for (int number = 1; !taken.insert(LowerCaseOf(name)).second; ++number) {
      const std::string suffix = fmt::format("_{}", number);
      name = plain.substr(0, bytes_max - suffix.size()) + suffix;
    }
    names.push_back(std::move(name));
  }
  return names;
}

std::string DistinctSqlName(std::string_view name, std::string_view identity, size_t bytes_max) {
  return fmt::format("{}_{}", name.substr(0, bytes_max - 7), ShortHash(identity).substr(0, 6));
}

std::string ShortHash(std::string_view text) {
  return fmt::format("{:016x}", Fnv1a(text)).substr(4);
}

}  // namespace millrace
