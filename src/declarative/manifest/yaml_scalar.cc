#include "declarative/manifest/yaml_scalar.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>

#include "declarative/jinja/py_operators.h"
#include "declarative/manifest/yaml_timestamp.h"

namespace millrace {
namespace {

constexpr std::string_view kTrueWords[] = {"yes",  "Yes", "YES", "true", "True",
                                           "TRUE", "on",  "On",  "ON"};
constexpr std::string_view kFalseWords[] = {"no",    "No",  "NO",  "false", "False",
                                            "FALSE", "off", "Off", "OFF"};
constexpr std::string_view kNullWords[] = {"", "~", "null", "Null", "NULL"};
constexpr std::string_view kInfinityWords[] = {".inf", ".Inf", ".INF"};
constexpr std::string_view kNotANumberWords[] = {".nan", ".NaN", ".NAN"};

template <size_t N>
bool IsOneOf(std::string_view text, const std::string_view (&words)[N]) {
  return std::find(std::begin(words), std::end(words), text) != std::end(words);
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool AllOf(std::string_view text, std::string_view allowed) {
  return text.find_first_not_of(allowed) == text.npos;
}
/// Takes off the front what consists of these characters.
std::string_view TakeFront(std::string_view* text, std::string_view allowed) {
  const size_t end = std::min(text->find_first_not_of(allowed), text->size());
  const std::string_view front = text->substr(0, end);
  text->remove_prefix(end);
  return front;
}
std::string_view WithoutSign(std::string_view text) {
  if (!text.empty() && (text.front() == '+' || text.front() == '-')) text.remove_prefix(1);
  return text;
}

/// ":59:07", at least one of them.
bool TakeSixtieths(std::string_view* text) {
  bool any = false;
  while (text->size() >= 2 && text->front() == ':' && IsDigit((*text)[1])) {
    // One digit, or two of which the first is below 6.
    const bool two = text->size() >= 3 && IsDigit((*text)[2]);
    if (two && (*text)[1] > '5') return false;
    text->remove_prefix(two ? 3 : 2);
    any = true;
  }
  return any;
}

bool IsInt(std::string_view text) {
  text = WithoutSign(text);
  if (text.empty()) return false;
  if (text.front() == '0') {
    if (text.size() == 1) return true;
    if (text[1] == 'b') return text.size() > 2 && AllOf(text.substr(2), "01_");
    if (text[1] == 'x') return text.size() > 2 && AllOf(text.substr(2), "0123456789abcdefABCDEF_");
    return AllOf(text.substr(1), "01234567_");
  }
  if (!IsDigit(text.front())) return false;
  TakeFront(&text, "0123456789_");
  if (text.empty()) return true;
  return TakeSixtieths(&text) && text.empty();
}

/// "", or "e" with a sign and digits.
bool IsExponentOrNothing(std::string_view text) {
  if (text.empty()) return true;
  return text.size() >= 3 && (text[0] == 'e' || text[0] == 'E') &&
         (text[1] == '+' || text[1] == '-') && AllOf(text.substr(2), "0123456789");
}

bool IsFloat(std::string_view text) {
  if (IsOneOf(text, kNotANumberWords)) return true;
  if (text.size() >= 2 && text[0] == '.' && IsDigit(text[1])) {
    text.remove_prefix(1);
    TakeFront(&text, "0123456789_");
    return IsExponentOrNothing(text);
  }
  text = WithoutSign(text);
  if (IsOneOf(text, kInfinityWords)) return true;
  if (text.empty() || !IsDigit(text.front())) return false;
  TakeFront(&text, "0123456789_");
  if (text.empty()) return false;
  if (text.front() == ':') {
    if (!TakeSixtieths(&text) || text.empty() || text.front() != '.') return false;
    return AllOf(text.substr(1), "0123456789_");
  }
  if (text.front() != '.') return false;
  text.remove_prefix(1);
  TakeFront(&text, "0123456789_");
  return IsExponentOrNothing(text);
}

std::string WithoutUnderscores(std::string_view text) {
  std::string plain(text);
  std::erase(plain, '_');
  return plain;
}

Status Unusable(std::string_view text, std::string_view kind) {
  return ConfigError("'{}' is no {}", text, kind);
}

/// Digits with ":" between them, to base 60; the fraction, if any, belongs to the last.
double FromSixtieths(std::string_view text) {
  double value = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find(':'), text.size());
    double part = 0;
    std::from_chars(text.data(), text.data() + end, part);
    value = value * 60 + part;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return value;
}

Result<PyValue> MakeInt(std::string_view written) {
  const std::string plain = WithoutUnderscores(written);
  std::string_view digits = WithoutSign(plain);
  const bool negative = !plain.empty() && plain.front() == '-';
  int base = 10;
  std::string_view allowed = "0123456789";
  if (digits.find(':') != digits.npos) {
    if (!AllOf(digits, "0123456789:") || digits.size() > 15) return Unusable(written, "number");
    const auto value = static_cast<int64_t>(FromSixtieths(digits));
    return PyValue(negative ? -value : value);
  }
  if (digits.starts_with("0b")) {
    base = 2;
    allowed = "01";
    digits.remove_prefix(2);
  } else if (digits.starts_with("0x")) {
    base = 16;
    allowed = "0123456789abcdefABCDEF";
    digits.remove_prefix(2);
  } else if (digits.size() > 1 && digits.front() == '0') {
    base = 8;
    allowed = "01234567";
    if (digits[1] == 'o') digits.remove_prefix(2);  // only an explicit tag lets that come here
  }
  // Python refuses decimal numbers of more digits than that, too.
  constexpr size_t kDigitsMax = 4300;
  if (digits.empty() || !AllOf(digits, allowed) || digits.size() > kDigitsMax) {
    return Unusable(written, "number");
  }
  return PyIntFromText((negative ? "-" : "") + std::string(digits), base);
}

Result<PyValue> MakeFloat(std::string_view written) {
  std::string plain = WithoutUnderscores(written);
  std::transform(plain.begin(), plain.end(), plain.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  const bool negative = !plain.empty() && plain.front() == '-';
  const std::string_view digits = WithoutSign(plain);
  double value = 0;
  if (digits == ".inf") {
    value = std::numeric_limits<double>::infinity();
  } else if (digits == ".nan") {
    return PyValue(std::numeric_limits<double>::quiet_NaN());
  } else if (digits.find(':') != digits.npos) {
    if (!AllOf(digits, "0123456789:.")) return Unusable(written, "number");
    value = FromSixtieths(digits);
  } else {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (end != digits.data() + digits.size() || digits.empty() ||
        !AllOf(digits, "0123456789.e+-")) {
      return Unusable(written, "number");
    }
    if (error == std::errc::result_out_of_range) value = std::strtod(plain.c_str(), nullptr);
  }
  return PyValue(negative ? -std::abs(value) : value);
}

Result<PyValue> MakeBool(std::string_view written) {
  std::string lower(written);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (IsOneOf(lower, kTrueWords)) return PyValue(true);
  if (IsOneOf(lower, kFalseWords)) return PyValue(false);
  return Unusable(written, "true or false");
}

/// Base64 as Python's decodebytes reads it: what isn't of its alphabet is passed over.
Result<PyValue> MakeBinary(std::string_view text) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  uint32_t bits = 0;
  int characters = 0, padding = 0;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) return Unusable(text, "base64");
    if (c == '=') {
      if (characters % 4 >= 2 && characters % 4 + ++padding >= 4) return PyValue::Bytes(bytes);
      continue;
    }
    const size_t value = kAlphabet.find(c);
    if (value == kAlphabet.npos) continue;
    padding = 0;
    bits = bits << 6 | static_cast<uint32_t>(value);
    if (characters++ % 4 != 0) {
      bytes.push_back(static_cast<char>(bits >> (6 - 2 * ((characters - 1) % 4))));
    }
  }
  if (characters % 4 != 0) return Unusable(text, "base64");
  return PyValue::Bytes(bytes);
}

}  // namespace

YamlTag ResolveYamlScalar(std::string_view text) {
  if (IsOneOf(text, kNullWords)) return YamlTag::kNull;
  const char first = text.front();
  if (IsDigit(first) || first == '-' || first == '+' || first == '.') {
    if (IsFloat(text)) return YamlTag::kFloat;
    if (IsInt(text)) return YamlTag::kInt;
    if (IsDigit(first) && IsYamlTimestamp(text)) return YamlTag::kTimestamp;
    return YamlTag::kStr;
  }
  if (IsOneOf(text, kTrueWords) || IsOneOf(text, kFalseWords)) return YamlTag::kBool;
  if (text == "<<") return YamlTag::kMerge;
  if (text == "=") return YamlTag::kDefault;
  return YamlTag::kStr;
}

Result<PyValue> MakeYamlScalar(YamlTag tag, std::string_view text) {
  switch (tag) {
    case YamlTag::kNull:
      return PyValue();
    case YamlTag::kBool:
      return MakeBool(text);
    case YamlTag::kInt:
      return MakeInt(text);
    case YamlTag::kFloat:
      return MakeFloat(text);
    case YamlTag::kBinary:
      return MakeBinary(text);
    case YamlTag::kTimestamp:
      return MakeYamlTimestamp(text);
    default:
      return PyValue(text);
  }
}

}  // namespace millrace
