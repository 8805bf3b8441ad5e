#include "declarative/jinja/py_literal.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "declarative/jinja/literal_token.h"
#include "declarative/jinja/py_hash.h"
#include "declarative/jinja/py_operators.h"
#include "formats/digit_run.h"

namespace millrace {
namespace {

/// Python's tokenizer has no more brackets open at a time.
constexpr int kBracketsMax = 200;

bool IsWordCharacter(char c) {
  return IsDigit(c) || c == '_' || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
         static_cast<unsigned char>(c) >= 0x80;
}

/// Characters that a literal, or white space and comments before it, can start with.
constexpr std::array<bool, 256> kStarts = [] {
  std::array<bool, 256> starts{};
  for (const char c : std::string_view("0123456789.-+'\"([{#\n\r\f\\TFNbBrRuUs")) {
    starts[static_cast<unsigned char>(c)] = true;
  }
  return starts;
}();

/// Reads one expression. Whatever returns false ends the whole.
class LiteralReader {
 public:
  explicit LiteralReader(std::string_view text) : text_(text) {}

  bool Read(PyValue* value) {
    if (!SkipBlankLines()) return false;
    if (!ReadItem(value)) return false;
    SkipSpace();
    if (Next() == ',') {
      PyList items = {std::move(*value)};
      if (!ReadMoreItems('\0', &items)) return false;
      *value = PyValue::Tuple(std::move(items));
    }
    return AtEnd();
  }

 private:
  /// NUL at the end; text with a NUL of its own is never a literal.
  char Next() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool done() const { return at_ == text_.size(); }

  static bool IsLineEnd(char c) { return c == '\n' || c == '\r'; }
  void SkipComment() {
    while (!done() && !IsLineEnd(text_[at_])) ++at_;
  }
  /// A backslash at a line's end, with something behind it.
  bool SkipContinuation() {
    if (Next() != '\\' || at_ + 1 == text_.size() || !IsLineEnd(text_[at_ + 1])) return false;
    const size_t size = text_.substr(at_ + 1, 2) == "\r\n" ? 3 : 2;
    if (at_ + size == text_.size()) return false;
    at_ += size;
    return true;
  }

  /// Skips lines without an expression. False when what follows is indented, or nothing does.
  bool SkipBlankLines() {
    for (;;) {
      const size_t column = SkipIndent();
      if (Next() == '#') SkipComment();
      if (done()) return false;
      if (!IsLineEnd(Next())) return column == 0;
      ++at_;
    }
  }

  size_t SkipIndent() {
    size_t column = 0;
    for (;;) {
      if (Next() == ' ' || Next() == '\t') {
        ++column;
        ++at_;
      } else if (Next() == '\f') {
        column = 0;
        ++at_;
      } else if (!SkipContinuation()) {
        return column;
      }
    }
  }

  void SkipSpace() {
    for (;;) {
      const char c = Next();
      if (c == ' ' || c == '\t' || c == '\f' || (brackets_ > 0 && IsLineEnd(c))) {
        ++at_;
      } else if (c == '#') {
        SkipComment();
      } else if (!SkipContinuation()) {
        return;
      }
    }
  }

  /// Whether nothing but blank lines is left.
  bool AtEnd() {
    SkipSpace();
    while (!done()) {
      if (!IsLineEnd(Next())) return false;
      ++at_;
      const size_t column = SkipIndent();
      if (Next() == '#') {
        SkipComment();
      } else if (done()) {
        return column == 0;
      }
    }
    return true;
  }

  /// An expression with a sign or without.
  bool ReadItem(PyValue* value) {
    const char sign = Next();
    if (sign != '-' && sign != '+') {
      bool number = false;
      return ReadUnsigned(value, &number);
    }
    ++at_;
    SkipSpace();
    bool number = false;
    if (!ReadUnsigned(value, &number) || !number) return false;
    Result<PyValue> result = sign == '-' ? PyNegative(*value) : PyPositive(*value);
    if (!result.ok()) return false;
    *value = std::move(*result);
    return true;
  }

  /// `*number`: it's a bare number, in parentheses or not.
  bool ReadUnsigned(PyValue* value, bool* number) {
    const char c = Next();
    if (IsDigit(c) || (c == '.' && at_ + 1 < text_.size() && IsDigit(text_[at_ + 1]))) {
      *number = true;
      return ReadNumberLiteral(text_, &at_, value);
    }
    if (c == '(') return ReadParentheses(value, number);
    if (c == '[') return ReadList(value);
    if (c == '{') return ReadBraces(value);
    if (StartsStringLiteral(text_, at_)) return ReadStrings(value);
    return ReadWord(value);
  }

  bool ReadWord(PyValue* value) {
    const std::pair<std::string_view, PyValue> kWords[] = {{"True", PyValue(true)},
                                                           {"False", PyValue(false)},
                                                           {"None", PyValue()},
                                                           {"...", PyValue::Ellipsis()}};
    for (const auto& [word, meaning] : kWords) {
      if (!text_.substr(at_).starts_with(word)) continue;
      at_ += word.size();
      *value = meaning;
      return word == "..." || !IsWordCharacter(Next());
    }
    if (!text_.substr(at_).starts_with("set")) return false;
    at_ += 3;
    SkipSpace();
    if (Next() != '(' || !Open()) return false;
    SkipSpace();
    *value = PyValue::Set({});
    return Close(')');
  }

  /// Strings that stand side by side are one.
  bool ReadStrings(PyValue* value) {
    std::string characters;
    bool bytes = false;
    if (!ReadStringLiteral(text_, &at_, &characters, &bytes)) return false;
    for (SkipSpace(); StartsStringLiteral(text_, at_); SkipSpace()) {
      bool more_bytes = false;
      if (!ReadStringLiteral(text_, &at_, &characters, &more_bytes)) return false;
      if (bytes != more_bytes) return false;
    }
    *value = bytes ? PyValue::Bytes(std::move(characters)) : PyValue(std::move(characters));
    return true;
  }

  /// Behind an opening bracket.
  bool Open() {
    ++at_;
    return ++brackets_ <= kBracketsMax;
  }
  bool Close(char bracket) {
    if (Next() != bracket) return false;
    ++at_;
    --brackets_;
    return true;
  }

  /// Reads ", item, item" up to `end`, a bracket or (NUL) the end of the line.
  bool ReadMoreItems(char end, PyList* items) {
    for (;;) {
      SkipSpace();
      if (Next() != ',') return true;
      ++at_;
      SkipSpace();
      if (end != '\0' ? Next() == end : done() || IsLineEnd(Next())) return true;
      if (!ReadItem(&items->emplace_back())) return false;
    }
  }

  bool ReadParentheses(PyValue* value, bool* number) {
    if (!Open()) return false;
    SkipSpace();
    if (Next() == ')') {
      *value = PyValue::Tuple({});
      return Close(')');
    }
    const bool has_sign = Next() == '-' || Next() == '+';
    if (has_sign ? !ReadItem(value) : !ReadUnsigned(value, number)) return false;
    SkipSpace();
    if (Next() == ',') {
      *number = false;
      PyList items = {std::move(*value)};
      if (!ReadMoreItems(')', &items)) return false;
      *value = PyValue::Tuple(std::move(items));
    }
    return Close(')');
  }

  bool ReadList(PyValue* value) {
    if (!Open()) return false;
    SkipSpace();
    PyList items;
    if (Next() != ']') {
      if (!ReadItem(&items.emplace_back()) || !ReadMoreItems(']', &items)) return false;
    }
    *value = PyValue::List(std::move(items));
    return Close(']');
  }

  bool ReadBraces(PyValue* value) {
    if (!Open()) return false;
    SkipSpace();
    if (Next() == '}') {
      *value = PyValue(PyDict());
      return Close('}');
    }
    PyValue first;
    if (!ReadItem(&first)) return false;
    SkipSpace();
    return Next() == ':' ? ReadDict(std::move(first), value) : ReadSet(std::move(first), value);
  }

  bool ReadDict(PyValue key, PyValue* value) {
    std::vector<PyDict::Entry> members;
    for (;;) {
      if (Next() != ':') return false;
      ++at_;
      SkipSpace();
      members.emplace_back(std::move(key), PyValue());
      if (!ReadItem(&members.back().second)) return false;
      SkipSpace();
      if (Next() == ',') {
        ++at_;
        SkipSpace();
        if (Next() != '}') {
          if (!ReadItem(&key)) return false;
          SkipSpace();
          continue;
        }
      }
      break;
    }
    Result<PyDict> dict = PyDictOf(std::move(members));
    if (!dict.ok()) return false;
    *value = PyValue(std::move(*dict));
    return Close('}');
  }

  bool ReadSet(PyValue first, PyValue* value) {
    PyList items = {std::move(first)};
    if (!ReadMoreItems('}', &items)) return false;
    Result<PyList> unique = PyUniqueItems(items);
    if (!unique.ok()) return false;
    *value = PyValue::Set(std::move(*unique));
    return Close('}');
  }

  const std::string_view text_;
  size_t at_ = 0;
  int brackets_ = 0;
};

/// Python takes no source text with NULs or surrogates.
bool IsSource(std::string_view text) {
  if (text.find('\0') != text.npos) return false;
  for (size_t at = text.find('\xED'); at != text.npos; at = text.find('\xED', at + 1)) {
    // Before one of A0 to BF it begins a surrogate, else it doesn't.
    if (at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) >= 0xA0) return false;
  }
  return true;
}

}  // namespace

std::optional<PyValue> ParsePyLiteral(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  if (text.empty() || !kStarts[static_cast<unsigned char>(text[0])]) return std::nullopt;
  PyValue value;
  if (!LiteralReader(text).Read(&value) || !IsSource(text)) return std::nullopt;
  return value;
}

}  // namespace millrace
