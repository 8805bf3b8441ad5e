#include "formats/json_scanner.h"

#include <cstring>

#include "formats/digit_run.h"

namespace millrace {
namespace {

/// The value of a hexadecimal digit; above 15 when it is none.
unsigned HexDigit(char c) {
  if (IsDigit(c)) return static_cast<unsigned>(c - '0');
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? static_cast<unsigned>(lower - 'a' + 10) : 16;
}

/// Four hexadecimal digits; above 0xFFFF when they are none.
uint32_t HexQuad(const char* p) {
  uint32_t value = 0;
  for (int i = 0; i < 4; ++i) {
    const unsigned digit = HexDigit(p[i]);
    if (digit > 15) return 0x10000;
    value = value * 16 + digit;
  }
  return value;
}

void AppendUtf8(uint32_t code, std::string* out) {
  const auto push = [out](uint32_t byte) { *out += static_cast<char>(byte); };
  if (code < 0x80) {
    push(code);
  } else if (code < 0x800) {
    push(0xC0 | (code >> 6));
    push(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    push(0xE0 | (code >> 12));
    push(0x80 | ((code >> 6) & 0x3F));
    push(0x80 | (code & 0x3F));
  } else {
    push(0xF0 | (code >> 18));
    push(0x80 | ((code >> 12) & 0x3F));
    push(0x80 | ((code >> 6) & 0x3F));
    push(0x80 | (code & 0x3F));
  }
}

}  // namespace

/// Why there is no value where one must be.
bool JsonScanner::FailWithoutValue() {
  return Fail(at_ >= end_ ? "the text ends where a value is expected" : "a value is expected");
}

bool JsonScanner::ReadLiteral() {
  const std::string_view word = *at_ == 't' ? "true" : *at_ == 'f' ? "false" : "null";
  if (static_cast<size_t>(end_ - at_) < word.size() ||
      std::memcmp(at_, word.data(), word.size()) != 0) {
    return Fail("a value is expected (true, false or null is misspelt)");
  }
  at_ += word.size();
  return true;
}

bool JsonScanner::ReadNumber(std::string_view* digits, bool* integer) {
  // The character behind the text is a control character, so no check for the end is needed.
  const char* const start = at_;
  if (*at_ == '-') ++at_;
  if (*at_ == '0') {
    ++at_;
    if (IsDigit(*at_)) return Fail("a number begins with a zero");
  } else {
    if (!IsDigit(*at_)) return Fail("a digit is expected");
    at_ = SkipDigits(at_);
  }
  *integer = true;
  if (*at_ == '.') {
    *integer = false;
    if (!IsDigit(*++at_)) return Fail("a digit is expected behind the point");
    at_ = SkipDigits(at_);
  }
  if (*at_ == 'e' || *at_ == 'E') {
    *integer = false;
    ++at_;
    if (*at_ == '-' || *at_ == '+') ++at_;
    if (!IsDigit(*at_)) return Fail("a digit is expected in the exponent");
    at_ = SkipDigits(at_);
  }
  *digits = {start, static_cast<size_t>(at_ - start)};
  return true;
}

bool JsonScanner::ReadEscapedString(Text* text) {
  const char* const start = ++at_;
  text->escaped = false;
  for (;;) {
    at_ = FindStringSpecial(at_);
    if (at_ >= end_) return Fail("a string is not closed");
    if (*at_ == '"') break;
    if (*at_ != '\\') return Fail("a control character stands in a string (it must be escaped)");
    text->escaped = true;
    ++at_;
    if (at_ >= end_) return Fail("a string is not closed");
    if (*at_ == 'u') {
      if (end_ - at_ < 5 || HexQuad(at_ + 1) > 0xFFFF) return Fail("\\u needs four hex digits");
      at_ += 5;
    } else if (*at_ != '\0' && std::strchr("\"\\/bfnrt", *at_) != nullptr) {
      ++at_;
    } else {
      return Fail("an unknown escape stands in a string");
    }
  }
  text->raw = {start, static_cast<size_t>(at_ - start)};
  ++at_;
  return true;
}

bool JsonScanner::SkipNested() {
  if (++depth_ > kDepthMax) return Fail("values are nested too deeply");
  const bool object = *at_ == '{';
  Enter();
  for (;;) {
    Text key;
    bool done = false;
    if (object ? !NextMember(&key, &done) : !NextElement(&done)) return false;
    if (done) break;
    std::string_view whole;
    if (!SkipValue(&whole)) return false;
  }
  --depth_;
  return true;
}

bool JsonScanner::SkipValue(std::string_view* whole) {
  const Kind kind = Peek();
  const char* const start = at_;
  bool ok = false;
  switch (kind) {
    case Kind::kNull:
    case Kind::kTrue:
    case Kind::kFalse:
      ok = ReadLiteral();
      break;
    case Kind::kInteger:
    case Kind::kNumber: {
      bool integer = false;
      ok = ReadNumber(whole, &integer);
      break;
    }
    case Kind::kString: {
      Text text;
      ok = ReadString(&text);
      break;
    }
    case Kind::kArray:
    case Kind::kObject:
      ok = SkipNested();
      break;
    case Kind::kInvalid:
      return false;
  }
  *whole = {start, static_cast<size_t>(at_ - start)};
  return ok;
}

bool JsonScanner::AtEnd() {
  SkipSpace();
  return at_ >= end_;
}

bool Unescape(std::string_view raw, std::string* out) {
  out->clear();
  bool whole = true;
  for (size_t at = 0; at < raw.size();) {
    if (raw[at] != '\\') {
      const size_t next = std::min(raw.find('\\', at), raw.size());
      out->append(raw, at, next - at);
      at = next;
      continue;
    }
    const char c = raw[at + 1];
    at += 2;
    constexpr std::string_view kNames = "bfnrt", kMeanings = "\b\f\n\r\t";
    if (const size_t name = kNames.find(c); name != std::string_view::npos) {
      *out += kMeanings[name];
    } else if (c != 'u') {
      *out += c;
    } else {
      uint32_t code = HexQuad(raw.data() + at);
      at += 4;
      if (code >= 0xD800 && code < 0xDC00 && raw.substr(at, 2) == "\\u" && raw.size() - at >= 6) {
        const uint32_t low = HexQuad(raw.data() + at + 2);
        if (low >= 0xDC00 && low < 0xE000) {
          code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
          at += 6;
        }
      }
      if (code >= 0xD800 && code < 0xE000) {
        whole = false;
        code = 0xFFFD;
      }
      AppendUtf8(code, out);
    }
  }
  return whole;
}

}  // namespace millrace
