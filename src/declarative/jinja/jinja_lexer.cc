#include "declarative/jinja/jinja_lexer.h"

#include <algorithm>
#include <cstdlib>

#include "declarative/jinja/jinja_string.h"
#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/jinja/py_text.h"

namespace millrace {
namespace {

using Kind = JinjaToken::Kind;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsNameByte(char c) {
  const char lower = static_cast<char>(c | 0x20);
  return (lower >= 'a' && lower <= 'z') || IsDigit(c) || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

std::string_view WithoutTrailingSpace(std::string_view text) {
  size_t kept = 0;
  for (size_t at = 0; at < text.size();) {
    if (!IsPySpace(NextCodePoint(text, &at))) kept = at;
  }
  return text.substr(0, kept);
}

class JinjaLexer {
 public:
  explicit JinjaLexer(std::string source) : kept_(std::move(source)), source_(kept_) {}

  Result<std::vector<JinjaToken>> Run() {
    while (at_ < source_.size()) MR_RETURN_IF_ERROR(Text());
    Add(Kind::kEnd, {});
    return std::move(tokens_);
  }

 private:
  bool Follows(std::string_view expected) const {
    return source_.substr(at_, expected.size()) == expected;
  }

  void SkipSpace() {
    while (at_ < source_.size()) {
      size_t next = at_;
      if (!IsPySpace(NextCodePoint(source_, &next))) return;
      line_ += source_[at_] == '\n';
      at_ = next;
    }
  }

  void Add(Kind kind, std::string_view text) {
    JinjaToken token;
    token.kind = kind;
    token.text = text;
    token.line = line_;
    tokens_.push_back(std::move(token));
    line_ += static_cast<int>(std::count(text.begin(), text.end(), '\n'));
  }

  /// Takes "-" or "+" behind the start of a tag; true for "-".
  bool TakeSign() {
    const bool strips = Follows("-");
    if (strips || Follows("+")) ++at_;
    return strips;
  }

  void AddText(std::string_view text, bool strips) {
    const std::string_view kept = strips ? WithoutTrailingSpace(text) : text;
    if (!kept.empty()) Add(Kind::kText, kept);
    line_ += static_cast<int>(
        std::count(text.begin() + static_cast<std::ptrdiff_t>(kept.size()), text.end(), '\n'));
  }

  /// Where "%}" ends that may have a sign before it, starting at `at_`; "-" takes the space behind,
  /// too. False: there is none.
  bool TakeEnd(std::string_view end, bool plus) {
    if (Follows(end)) {
      at_ += end.size();
      return true;
    }
    const bool minus = Follows("-");
    if ((!minus && !(plus && Follows("+"))) || source_.substr(at_ + 1, end.size()) != end) {
      return false;
    }
    at_ += 1 + end.size();
    if (minus) SkipSpace();
    return true;
  }

  /// The text up to the next tag, and that tag.
  Status Text() {
    size_t open = at_;
    while (true) {
      open = source_.find('{', open);
      if (open == source_.npos || open + 1 == source_.size()) {
        AddText(source_.substr(at_), false);
        at_ = source_.size();
        return Status::Ok();
      }
      const char second = source_[open + 1];
      if (second == '{' || second == '%' || second == '#') break;
      ++open;
    }
    const std::string_view text = source_.substr(at_, open - at_);
    const char tag = source_[open + 1];
    at_ = open + 2;
    AddText(text, TakeSign());
    if (tag == '#') return Comment();
    if (tag == '%' && TakeRaw("raw", /*plus=*/false)) return Raw();
    Add(tag == '%' ? Kind::kBlockBegin : Kind::kVariableBegin, {});
    return Tag(tag == '%' ? "%}" : "}}");
  }

  Status Comment() {
    if (at_ == source_.size()) return Status::Ok();  // Jinja misses the end only when text follows
    const size_t end = source_.find("#}", at_);
    if (end == source_.npos) return JinjaSyntaxError("Missing end of comment tag", line_);
    const bool minus = end > at_ && source_[end - 1] == '-';
    line_ += static_cast<int>(std::count(source_.begin() + at_, source_.begin() + end, '\n'));
    at_ = end + 2;
    if (minus) SkipSpace();
    return Status::Ok();
  }

  /// Behind "{%" and its sign: the word alone, and the tag's end.
  bool TakeRaw(std::string_view word, bool plus) {
    const size_t start = at_;
    const int line = line_;
    SkipSpace();
    if (Follows(word)) {
      at_ += word.size();
      SkipSpace();
      if (TakeEnd("%}", plus)) return true;
    }
    at_ = start;
    line_ = line;
    return false;
  }

  Status Raw() {
    if (at_ == source_.size()) return Status::Ok();
    const size_t start = at_;
    for (size_t open = source_.find("{%", at_); open != source_.npos;
         open = source_.find("{%", open + 1)) {
      at_ = open + 2;
      const bool strips = TakeSign();
      const int line = line_;
      if (!TakeRaw("endraw", /*plus=*/true)) continue;
      const int lines_behind = line_ - line;
      AddText(source_.substr(start, open - start), strips);
      line_ += lines_behind;
      return Status::Ok();
    }
    return JinjaSyntaxError("Missing end of raw directive", line_);
  }

  /// What stands in a tag, up to its end (or the template's).
  Status Tag(std::string_view end) {
    std::string open;  // the brackets that await their closing ones
    while (true) {
      SkipSpace();
      if (at_ == source_.size()) return Status::Ok();
      if (open.empty() && TakeEnd(end, /*plus=*/end == "%}")) {
        Add(end == "%}" ? Kind::kBlockEnd : Kind::kVariableEnd, {});
        return Status::Ok();
      }
      MR_RETURN_IF_ERROR(Piece(&open));
    }
  }

  Status Piece(std::string* open) {
    const char c = source_[at_];
    if (IsDigit(c)) return Number();
    if (IsNameByte(c)) {
      const size_t start = at_;
      while (at_ < source_.size() && IsNameByte(source_[at_])) ++at_;
      Add(Kind::kName, source_.substr(start, at_ - start));
      return Status::Ok();
    }
    if (c == '\'' || c == '"') return Quoted(c);
    return Operator(open);
  }

  Status Quoted(char quote) {
    const size_t start = ++at_;
    while (at_ < source_.size() && source_[at_] != quote) at_ += source_[at_] == '\\' ? 2 : 1;
    if (at_ >= source_.size()) return JinjaSyntaxError("a text without its closing quote", line_);
    const std::string_view quoted = source_.substr(start, at_++ - start);
    Result<std::string> text = UnescapeJinjaString(quoted);
    if (!text.ok()) return JinjaSyntaxError(text.status().error().message, line_);
    Add(Kind::kString, *text);
    return Status::Ok();
  }

  Status Operator(std::string* open) {
    static constexpr std::string_view kSigns[] = {"//", "**", "==", "!=", ">=", "<=", "+", "-", "/",
                                                  "*",  "%",  "~",  "[",  "]",  "(",  ")", "{", "}",
                                                  ">",  "<",  "=",  ".",  ":",  "|",  ",", ";"};
    const auto* sign = std::find_if(std::begin(kSigns), std::end(kSigns),
                                    [&](std::string_view known) { return Follows(known); });
    if (sign == std::end(kSigns)) {
      return JinjaSyntaxError(fmt::format("unexpected char '{}'", source_[at_]), line_);
    }
    const char c = (*sign)[0];
    if (c == '{' || c == '(' || c == '[') open->push_back(c == '{' ? '}' : c == '(' ? ')' : ']');
    if (c == '}' || c == ')' || c == ']') {
      if (open->empty() || open->back() != c) {
        return JinjaSyntaxError(fmt::format("unexpected '{}'", c), line_);
      }
      open->pop_back();
    }
    Add(Kind::kOperator, *sign);
    at_ += sign->size();
    return Status::Ok();
  }

  /// The end of digits from `from` on, with single underscores between them; `from` when there are
  /// none.
  template <typename IsOne>
  size_t DigitsEnd(size_t from, IsOne is_one) const {
    size_t end = from;
    while (end < source_.size()) {
      if (is_one(source_[end])) {
        ++end;
      } else if (end > from && source_[end] == '_' && end + 1 < source_.size() &&
                 is_one(source_[end + 1])) {
        end += 2;
      } else {
        break;
      }
    }
    return end;
  }

  /// The end of a float that starts at `at_`; at_ when it's none.
  size_t FloatEnd() const {
    if (at_ > 0 && source_[at_ - 1] == '.') return at_;
    size_t end = DigitsEnd(at_, IsDigit);
    bool is_float = false;
    if (end < source_.size() && source_[end] == '.') {
      const size_t fraction = DigitsEnd(end + 1, IsDigit);
      if (fraction == end + 1) return at_;
      end = fraction;
      is_float = true;
    }
    if (end < source_.size() && (source_[end] | 0x20) == 'e') {
      size_t exponent = end + 1;
      if (exponent < source_.size() && (source_[exponent] == '+' || source_[exponent] == '-')) {
        ++exponent;
      }
      const size_t exponent_end = DigitsEnd(exponent, IsDigit);
      if (exponent_end > exponent) return exponent_end;
    }
    return is_float ? end : at_;
  }

  Status Number() {
    const auto taken = [&](size_t from, size_t end) {
      std::string digits(source_.substr(from, end - from));
      digits.erase(std::remove(digits.begin(), digits.end(), '_'), digits.end());
      return digits;
    };
    if (const size_t end = FloatEnd(); end > at_) {
      const std::string digits = taken(at_, end);
      Add(Kind::kFloat, source_.substr(at_, end - at_));
      tokens_.back().value = PyValue(std::strtod(digits.c_str(), nullptr));
      at_ = end;
      return Status::Ok();
    }
    size_t start = at_;
    size_t end = at_;
    int base = 10;
    if (source_[at_] == '0') {
      const char letter =
          at_ + 1 < source_.size() ? static_cast<char>(source_[at_ + 1] | 0x20) : '\0';
      base = letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 10;
      if (base != 10) {
        start += 2;
        if (start < source_.size() && source_[start] == '_') ++start;
        end = DigitsEnd(start, [base](char c) {
          const int digit = IsDigit(c) ? c - '0' : (c | 0x20) >= 'a' ? (c | 0x20) - 'a' + 10 : 99;
          return digit < base;
        });
      }
      if (base == 10 || end == start) {
        base = 10;
        start = at_;
        end = DigitsEnd(at_, [](char c) { return c == '0'; });
      }
    } else {
      end = DigitsEnd(at_, IsDigit);
    }
    const std::string digits = taken(start, end);
    if (digits.size() > 4300) return PyError("ValueError", "an integer of more than 4300 digits");
    Add(Kind::kInteger, source_.substr(at_, end - at_));
    tokens_.back().value = PyIntFromText(digits, base);
    at_ = end;
    return Status::Ok();
  }

  const std::string kept_;
  const std::string_view source_;
  size_t at_ = 0;
  int line_ = 1;
  std::vector<JinjaToken> tokens_;
};

}  // namespace

Status JinjaSyntaxError(std::string_view what, int line) {
  return PyError("TemplateSyntaxError", fmt::format("{} (line {})", what, line));
}

bool IsPlainJinja(std::string_view source) {
  for (size_t open = source.find('{'); open != source.npos && open + 1 < source.size();
       open = source.find('{', open + 1)) {
    const char second = source[open + 1];
    if (second == '{' || second == '%' || second == '#') return false;
  }
  return true;
}

std::string NormalizedNewlines(std::string_view source) {
  std::string normalized;
  normalized.reserve(source.size());
  for (size_t at = 0; at < source.size(); ++at) {
    if (source[at] == '\r') {
      if (at + 1 < source.size() && source[at + 1] == '\n') ++at;
      normalized.push_back('\n');
    } else {
      normalized.push_back(source[at]);
    }
  }
  if (!normalized.empty() && normalized.back() == '\n') normalized.pop_back();
  return normalized;
}

Result<std::vector<JinjaToken>> TokenizeJinja(std::string_view source) {
  return JinjaLexer(NormalizedNewlines(source)).Run();
}

}  // namespace millrace
