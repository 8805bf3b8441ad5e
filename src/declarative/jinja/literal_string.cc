#include <algorithm>
#include <charconv>

#include "declarative/jinja/literal_token.h"
#include "declarative/jinja/py_text.h"

namespace millrace {
namespace {

bool IsQuote(char c) { return c == '\'' || c == '"'; }

/// How many letters before a quote are a prefix; npos: no string starts here.
size_t PrefixSize(std::string_view text, size_t at) {
  for (size_t size = 0; size <= 2 && at + size < text.size(); ++size) {
    const char c = text[at + size];
    if (IsQuote(c)) return size;
    if (std::string_view("bBrRuUfF").find(c) == std::string_view::npos) break;
  }
  return std::string_view::npos;
}

struct Prefix {
  bool raw = false, bytes = false;
};

bool ReadPrefix(std::string_view letters, Prefix* prefix) {
  bool unicode = false;
  for (const char letter : letters) {
    bool* const flag = (letter | 0x20) == 'r'   ? &prefix->raw
                       : (letter | 0x20) == 'b' ? &prefix->bytes
                       : (letter | 0x20) == 'u' ? &unicode
                                                : nullptr;
    if (flag == nullptr || *flag) return false;  // f"…", rr"…"
    *flag = true;
  }
  return !unicode || letters.size() == 1;
}

/// Reads what follows a backslash and appends what it stands for.
class EscapeReader {
 public:
  EscapeReader(std::string_view text, bool bytes, std::string* characters)
      : text_(text), bytes_(bytes), characters_(*characters) {}

  /// `*at` is the character behind the backslash.
  bool Read(size_t* at) {
    constexpr std::string_view kNames = "abfnrtv\\'\"", kMeanings = "\a\b\f\n\r\t\v\\'\"";
    const char c = text_[*at];
    if (const size_t name = kNames.find(c); name != kNames.npos) {
      ++*at;
      characters_.push_back(kMeanings[name]);
      return true;
    }
    if (c >= '0' && c <= '7') return ReadOctal(at);
    if (c == 'x') return ReadHex(at, 2);
    if (!bytes_ && c == 'u') return ReadHex(at, 4);
    if (!bytes_ && c == 'U') return ReadHex(at, 8);
    if (!bytes_ && c == 'N') return false;
    characters_.push_back('\\');  // and what follows is itself
    return true;
  }

 private:
  void Append(uint32_t code) {
    if (bytes_) {
      characters_.push_back(static_cast<char>(code));
    } else {
      AppendCodePoint(code, &characters_);
    }
  }

  bool ReadOctal(size_t* at) {
    uint32_t code = 0;
    for (int digits = 0; digits < 3 && *at < text_.size(); ++digits, ++*at) {
      const char c = text_[*at];
      if (c < '0' || c > '7') break;
      code = code * 8 + static_cast<uint32_t>(c - '0');
    }
    Append(code);
    return true;
  }

  bool ReadHex(size_t* at, size_t digits) {
    const std::string_view hex = text_.substr(*at + 1, digits);
    uint32_t code = 0;
    const auto parsed = std::from_chars(hex.data(), hex.data() + hex.size(), code, 16);
    if (hex.size() != digits || parsed.ec != std::errc() || parsed.ptr != hex.data() + digits ||
        code > 0x10FFFF) {
      return false;
    }
    *at += 1 + digits;
    Append(code);
    return true;
  }

  const std::string_view text_;
  const bool bytes_;
  std::string& characters_;
};

/// Moves behind a line's end, which counts as one \n however it is written.
void SkipLineEnd(std::string_view text, size_t* at) {
  *at += text.substr(*at, 2) == "\r\n" ? 2 : 1;
}

}  // namespace

bool StartsStringLiteral(std::string_view text, size_t at) {
  return PrefixSize(text, at) != std::string_view::npos;
}

bool ReadStringLiteral(std::string_view text, size_t* at, std::string* characters, bool* bytes) {
  const size_t prefix_size = PrefixSize(text, *at);
  Prefix prefix;
  if (!ReadPrefix(text.substr(*at, prefix_size), &prefix)) return false;
  *bytes = prefix.bytes;
  *at += prefix_size;
  const char quote = text[*at];
  const std::string_view three = text.substr(*at, 3);
  const bool triple = three.size() == 3 && three[1] == quote && three[2] == quote;
  const size_t quotes = triple ? 3 : 1;
  *at += quotes;
  EscapeReader escapes(text, prefix.bytes, characters);
  while (*at < text.size()) {
    const char c = text[*at];
    if (c == quote && (!triple || text.substr(*at, 3) == three)) {
      *at += quotes;
      return true;
    }
    if (c == '\n' || c == '\r') {
      if (!triple) return false;
      SkipLineEnd(text, at);
      characters->push_back('\n');
    } else if (c != '\\') {
      if (prefix.bytes && static_cast<unsigned char>(c) >= 0x80) return false;
      characters->push_back(c);
      ++*at;
    } else if (++*at == text.size()) {
      return false;
    } else if (prefix.raw) {  // both are characters, and the second ends nothing
      characters->push_back('\\');
      if (text[*at] == '\n' || text[*at] == '\r') {
        SkipLineEnd(text, at);
        characters->push_back('\n');
      } else if (!prefix.bytes || static_cast<unsigned char>(text[*at]) < 0x80) {
        characters->push_back(text[(*at)++]);
      }
    } else if (text[*at] == '\n' || text[*at] == '\r') {
      SkipLineEnd(text, at);
    } else if (!escapes.Read(at)) {
      return false;
    }
  }
  return false;
}

}  // namespace millrace
