#include <fmt/format.h>

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_regex.h"
#include "declarative/jinja/py_text.h"
#include "formats/digit_run.h"

namespace millrace {
namespace {

bool IsLetter(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }

Status Refused(std::string_view what) { return PyError("error", what); }

/// Rewrites one pattern.
class PatternWriter {
 public:
  explicit PatternWriter(std::string_view pattern) : pattern_(pattern) {}

  Result<std::string> Write() {
    while (at_ < pattern_.size()) {
      const char c = pattern_[at_];
      if (c == '\\') {
        MR_RETURN_IF_ERROR(WriteEscape(/*in_class=*/false));
      } else if (c == '[') {
        MR_RETURN_IF_ERROR(WriteClass());
      } else if (c == '(') {
        MR_RETURN_IF_ERROR(WriteGroup());
      } else if (c == '{') {
        WriteBraces();
      } else {
        out_.push_back(c);
        ++at_;
      }
    }
    return out_;
  }

 private:
  std::string_view Rest() const { return pattern_.substr(at_); }

  void Take(size_t size) {
    out_.append(pattern_.substr(at_, size));
    at_ += size;
  }

  /// \uXXXX and \UXXXXXXXX.
  Status WriteCodePoint(size_t digits) {
    const std::string_view hex = pattern_.substr(at_ + 2, digits);
    if (hex.size() != digits ||
        hex.find_first_not_of("0123456789abcdefABCDEF") != std::string_view::npos) {
      return Refused("incomplete escape in the pattern");
    }
    out_ += fmt::format("\\x{{{}}}", hex);
    at_ += 2 + digits;
    return Status::Ok();
  }

  Status WriteEscape(bool in_class) {
    if (at_ + 1 == pattern_.size()) return Refused("bad escape (end of pattern)");
    const char c = pattern_[at_ + 1];
    if (c == 'u' || c == 'U') return WriteCodePoint(c == 'u' ? 4 : 8);
    if (c == 'v') {
      out_ += "\\x0b";
      at_ += 2;
      return Status::Ok();
    }
    if (c == 'Z' && !in_class) {
      out_ += "\\z";
      at_ += 2;
      return Status::Ok();
    }
    if (c == 'x') {
      const std::string_view hex = pattern_.substr(at_ + 2, 2);
      if (hex.size() != 2 ||
          hex.find_first_not_of("0123456789abcdefABCDEF") != std::string_view::npos) {
        return Refused("incomplete escape in the pattern");
      }
      Take(4);
      return Status::Ok();
    }
    const std::string_view letters = in_class ? "abdDsSwWfnrt" : "AbBdDsSwWafnrt";
    if (IsLetter(c) && letters.find(c) == letters.npos) {
      return Refused(fmt::format("bad escape \\{}", c));
    }
    const bool ascii = static_cast<unsigned char>(c) < 0x80;
    if (!ascii) {  // a character of its own
      ++at_;
      return Status::Ok();
    }
    Take(2);
    return Status::Ok();
  }

  Status WriteClass() {
    Take(1);
    if (Rest().starts_with('^')) Take(1);
    if (Rest().starts_with(']')) {
      out_ += "\\]";
      ++at_;
    }
    while (at_ < pattern_.size() && pattern_[at_] != ']') {
      if (pattern_[at_] == '\\') {
        MR_RETURN_IF_ERROR(WriteEscape(/*in_class=*/true));
      } else if (pattern_[at_] == '[') {  // no [:alpha:] in Python
        out_ += "\\[";
        ++at_;
      } else {
        Take(1);
      }
    }
    if (at_ == pattern_.size()) return Refused("unterminated character set");
    Take(1);
    return Status::Ok();
  }

  /// Only those groups that Python knows.
  Status WriteGroup() {
    const std::string_view rest = Rest();
    if (rest.starts_with("(*")) return Refused("nothing to repeat");
    if (!rest.starts_with("(?")) {
      Take(1);
      return Status::Ok();
    }
    for (const std::string_view start :
         {"(?:", "(?P<", "(?P=", "(?=", "(?!", "(?<=", "(?<!", "(?>"}) {
      if (!rest.starts_with(start)) continue;
      Take(start.size());
      return Status::Ok();
    }
    if (rest.starts_with("(?#")) {
      const size_t end = rest.find(')');
      if (end == rest.npos) return Refused("missing ), unterminated comment");
      at_ += end + 1;
      return Status::Ok();
    }
    if (rest.starts_with("(?(")) {
      const size_t end = rest.find(')');
      if (end == rest.npos) return Refused("missing ), unterminated name");
      const std::string_view name = rest.substr(3, end - 3);
      out_ += name.find_first_not_of("0123456789") == name.npos ? fmt::format("(?({})", name)
                                                                : fmt::format("(?(<{}>)", name);
      at_ += end + 1;
      return Status::Ok();
    }
    return WriteFlags();
  }

  /// "(?i)" at the start, "(?i-s:" anywhere.
  Status WriteFlags() {
    const std::string_view rest = Rest();
    const size_t end = rest.find_first_not_of("aiLmsux-", 2);
    if (end == rest.npos || end == 2 || (rest[end] != ')' && rest[end] != ':')) {
      return Refused(fmt::format("unknown extension {}", rest.substr(1, 2)));
    }
    if (rest[end] == ')' && at_ != 0) {
      return Refused("global flags not at the start of the expression");
    }
    std::string flags;
    for (const char flag : rest.substr(2, end - 2)) {
      if (flag == 'L') return Refused("bad inline flags: cannot use 'L' flag with a str pattern");
      if (flag != 'a' && flag != 'u') flags.push_back(flag);
    }
    if (rest[end] == ':' || !flags.empty()) out_ += "(?" + flags + rest[end];
    at_ += end + 1;
    return Status::Ok();
  }

  /// "{,3}" is "{0,3}"; PCRE2 would take it for text.
  void WriteBraces() {
    const std::string_view rest = Rest();
    size_t end = 1;
    if (rest.substr(1).starts_with(',')) {
      for (++end; end < rest.size() && IsDigit(rest[end]);) ++end;
      if (end < rest.size() && rest[end] == '}') {
        out_ += "{0";
        at_ += 1;
        Take(end);
        return;
      }
    }
    Take(1);
  }

  const std::string_view pattern_;
  size_t at_ = 0;
  std::string out_;
};

}  // namespace

Result<std::string> PcrePattern(std::string_view pattern) { return PatternWriter(pattern).Write(); }

}  // namespace millrace
