#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace {

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
  bool ReadString(Text* text);
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
    while (at_ < end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\t' || *at_ == '\r')) ++at_;
  }
  bool SkipNested();

  const char* at_;
  const char* begin_;
  const char* end_;
  bool first_ = false;  // of the array or object entered: nothing was read yet
  int depth_ = 0;
  const char* error_ = "";
};

/// The characters that an escaped string stands for. False when a surrogate stands alone: no text
/// in UTF-8 can hold it; `out` then has U+FFFD in its place. Requires what ReadString accepted.
bool Unescape(std::string_view raw, std::string* out);

}  // namespace millrace
