#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>

#include <bit>
#endif

namespace millrace {

/// The first quote, backslash or control character from `p` on. There must be one within the
/// text or right behind it, and JsonScanner::kPadding readable bytes from there.
inline const char* FindStringSpecial(const char* p) {
#if defined(__SSE2__)
  const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\');
  const __m128i last_control = _mm_set1_epi8(0x1F);
  for (;; p += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, last_control), bytes);
    const __m128i found = _mm_or_si128(
        control, _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)));
    if (const int mask = _mm_movemask_epi8(found); mask != 0) {
      return p + std::countr_zero(static_cast<uint32_t>(mask));
    }
  }
#else
  while (*p != '"' && *p != '\\' && static_cast<unsigned char>(*p) >= 0x20) ++p;
  return p;
#endif
}

/// Walks one JSON text (RFC 8259, strictly) from front to back without building a tree. It checks
/// everything that it passes over, also what the caller skips, keeps numbers as their digits, and
/// hands out strings and whole values as slices of the text. Nesting is bounded. One thread; a
/// cheap value.
class JsonScanner {
 public:
  /// Values nested deeper than this are an error: nobody's data, and a stack is finite.
  static constexpr int kDepthMax = 512;
  /// Readable bytes that must follow the text. The first of them must be a control character (a
  /// line break, a NUL).
  static constexpr int64_t kPadding = 16;

  enum class Kind : uint8_t {
    kNull,
    kTrue,
    kFalse,
    kInteger,  ///< digits only
    kNumber,   ///< with a fraction or an exponent
    kString,
    kArray,
    kObject,
    kInvalid,
  };

  /// A slice of the text between a string's quotes.
  struct Text {
    std::string_view raw;
    bool escaped = false;  ///< holds backslashes: see Unescape
  };

  explicit JsonScanner(std::string_view text)
      : at_(text.data()), begin_(text.data()), end_(text.data() + text.size()) {}

  /// The kind of the next value, by its first character; numbers are kInteger until read.
  Kind Peek();

  // Each consumes the value that Peek announced. False: error() says what is wrong.
  bool ReadLiteral();  ///< true, false, null
  bool ReadNumber(std::string_view* digits, bool* integer);
  bool ReadString(Text* text) {
    const char* const start = at_ + 1;
    const char* const special = FindStringSpecial(start);
    if (*special != '"') return ReadEscapedString(text);
    *text = {{start, static_cast<size_t>(special - start)}, false};
    at_ = special + 1;
    return true;
  }
  bool SkipValue(std::string_view* whole);  ///< anything; `whole` is its text

  /// Consumes '{' or '['.
  void Enter() {
    ++at_;
    first_ = true;
  }
  /// Goes to the next member of the object entered; *key is empty of meaning and *done true at its
  /// end, which is consumed.
  bool NextMember(Text* key, bool* done);
  /// The same for arrays; the element is then to be read.
  bool NextElement(bool* done);

  /// Whether nothing but white space is left.
  bool AtEnd();

  /// What is wrong, and where: bytes from the text's start.
  const char* error() const { return error_; }
  int64_t offset() const { return at_ - begin_; }

 private:
  bool Fail(const char* what) {
    error_ = what;
    return false;
  }
  void SkipSpace() {
    if (static_cast<unsigned char>(*at_) > ' ') return;  // the text ends before a control character
    while (at_ < end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\t' || *at_ == '\r')) ++at_;
  }
  bool FailWithoutValue();
  bool ReadEscapedString(Text* text);
  bool SkipNested();

  const char* at_;
  const char* begin_;
  const char* end_;
  bool first_ = false;  // of the array or object entered: nothing was read yet
  int depth_ = 0;
  const char* error_ = "";
};

// What follows is called for every value. It needs no check for the text's end: the character
// behind it is none of those that are looked for.

inline JsonScanner::Kind JsonScanner::Peek() {
  static constexpr std::array<Kind, 256> kKinds = [] {
    std::array<Kind, 256> kinds;
    kinds.fill(Kind::kInvalid);
    for (const char digit : {'-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'}) {
      kinds[static_cast<size_t>(digit)] = Kind::kInteger;
    }
    kinds['{'] = Kind::kObject;
    kinds['['] = Kind::kArray;
    kinds['"'] = Kind::kString;
    kinds['t'] = Kind::kTrue;
    kinds['f'] = Kind::kFalse;
    kinds['n'] = Kind::kNull;
    return kinds;
  }();
  SkipSpace();
  const Kind kind = kKinds[static_cast<unsigned char>(*at_)];
  if (kind == Kind::kInvalid) FailWithoutValue();
  return kind;
}

inline bool JsonScanner::NextMember(Text* key, bool* done) {
  SkipSpace();
  *done = *at_ == '}';
  if (*done) {
    ++at_;
    first_ = false;
    return true;
  }
  if (!first_) {
    if (*at_ != ',') return Fail("',' or '}' is expected");
    ++at_;
    SkipSpace();
  }
  first_ = false;
  if (*at_ != '"') return Fail("a key in quotes is expected");
  if (!ReadString(key)) return false;
  SkipSpace();
  if (*at_ != ':') return Fail("':' is expected");
  ++at_;
  return true;
}

inline bool JsonScanner::NextElement(bool* done) {
  SkipSpace();
  *done = *at_ == ']';
  if (*done) {
    ++at_;
    first_ = false;
    return true;
  }
  if (!first_) {
    if (*at_ != ',') return Fail("',' or ']' is expected");
    ++at_;
  }
  first_ = false;
  return true;
}

/// The characters that an escaped string stands for. False when a surrogate stands alone: no text
/// in UTF-8 can hold it; `out` then has U+FFFD in its place. Requires what ReadString accepted.
bool Unescape(std::string_view raw, std::string* out);

}  // namespace millrace
