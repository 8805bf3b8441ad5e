#include <fmt/format.h>

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_regex.h"
#include "declarative/jinja/py_text.h"
#include "formats/digit_run.h"

namespace millrace {
namespace {

/// A piece of a replacement: text, and behind it a group.
struct Piece {
  std::string text;
  std::optional<size_t> group;
};

/// Reads a replacement's escapes as re does.
class ReplacementReader {
 public:
  ReplacementReader(const PyRegex& regex, std::string_view text) : regex_(regex), text_(text) {}

  Result<std::vector<Piece>> Read() {
    pieces_.emplace_back();
    while (at_ < text_.size()) {
      if (text_[at_] != '\\') {
        pieces_.back().text.push_back(text_[at_++]);
        continue;
      }
      if (++at_ == text_.size()) return PyError("error", "bad escape (end of pattern)");
      MR_RETURN_IF_ERROR(ReadEscape());
    }
    return std::move(pieces_);
  }

 private:
  Status AddGroup(size_t group) {
    if (group > regex_.group_count()) {
      return PyError("error", fmt::format("invalid group reference {}", group));
    }
    pieces_.back().group = group;
    pieces_.emplace_back();
    return Status::Ok();
  }

  Status ReadEscape() {
    constexpr std::string_view kNames = "abfnrtv\\", kMeanings = "\a\b\f\n\r\t\v\\";
    const char c = text_[at_++];
    if (c == 'g') return ReadNamedGroup();
    if (IsDigit(c)) return ReadDigits(c);
    if (const size_t name = kNames.find(c); name != kNames.npos) {
      pieces_.back().text.push_back(kMeanings[name]);
      return Status::Ok();
    }
    if ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') {
      return PyError("error", fmt::format("bad escape \\{}", c));
    }
    pieces_.back().text += '\\';
    pieces_.back().text += c;
    return Status::Ok();
  }

  Status ReadNamedGroup() {
    const size_t end = text_.find('>', at_);
    if (at_ == text_.size() || text_[at_] != '<') return PyError("error", "missing <");
    if (end == text_.npos) return PyError("error", "missing >, unterminated name");
    const std::string_view name = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    if (name.empty()) return PyError("error", "missing group name");
    if (name.find_first_not_of("0123456789") == name.npos && name.size() < 6) {
      return AddGroup(std::stoul(std::string(name)));
    }
    const std::optional<size_t> group = regex_.GroupOf(name);
    if (!group) return PyError("IndexError", fmt::format("unknown group name '{}'", name));
    return AddGroup(*group);
  }

  /// \0, \012 and \377 are characters, \1 and \12 groups.
  Status ReadDigits(char first) {
    const auto octal = [this](size_t at) {
      return at < text_.size() && text_[at] >= '0' && text_[at] <= '7';
    };
    char32_t code = static_cast<char32_t>(first - '0');
    if (first == '0') {
      for (int more = 0; more < 2 && octal(at_); ++more) {
        code = code * 8 + static_cast<char32_t>(text_[at_++] - '0');
      }
      AppendCodePoint(code & 0xFF, &pieces_.back().text);
      return Status::Ok();
    }
    size_t group = static_cast<size_t>(first - '0');
    if (at_ < text_.size() && IsDigit(text_[at_])) {
      if (first <= '7' && octal(at_) && octal(at_ + 1)) {
        code = (code * 8 + static_cast<char32_t>(text_[at_] - '0')) * 8 +
               static_cast<char32_t>(text_[at_ + 1] - '0');
        at_ += 2;
        if (code > 0377) return PyError("error", "octal escape value outside of range 0-0o377");
        AppendCodePoint(code, &pieces_.back().text);
        return Status::Ok();
      }
      group = group * 10 + static_cast<size_t>(text_[at_++] - '0');
    }
    return AddGroup(group);
  }

  const PyRegex& regex_;
  const std::string_view text_;
  size_t at_ = 0;
  std::vector<Piece> pieces_;
};

void AppendReplacement(const std::vector<Piece>& pieces, std::string_view text,
                       const PyRegex::Groups& groups, std::string* result) {
  for (const Piece& piece : pieces) {
    *result += piece.text;
    if (!piece.group || !groups[*piece.group]) continue;
    const auto [start, end] = *groups[*piece.group];
    if (start < end) result->append(text.substr(start, end - start));
  }
}

}  // namespace

Result<std::string> PyRegex::Substitute(std::string_view text, std::string_view replacement,
                                        size_t bytes_max) const {
  MR_ASSIGN_OR_RETURN(const std::vector<Piece> pieces,
                      ReplacementReader(*this, replacement).Read());
  std::string result;
  size_t copied = 0, at = 0;
  bool was_empty = false;
  while (at <= text.size()) {
    MR_ASSIGN_OR_RETURN(const std::optional<Groups> match, Search(text, at, was_empty));
    if (!match) break;
    const auto [start, end] = *(*match)[0];
    if (start > copied) result.append(text.substr(copied, start - copied));
    AppendReplacement(pieces, text, *match, &result);
    if (result.size() > bytes_max) return PyError("OverflowError", "the text gets too long");
    copied = std::max(copied, end);
    was_empty = end <= start;
    at = std::max(end, at);
  }
  return result + std::string(text.substr(copied));
}

}  // namespace millrace
