#pragma once

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "declarative/jinja/jinja_lexer.h"
#include "declarative/jinja/jinja_parser.h"

namespace millrace {

/// The tokens of a template on their way through the parser; counts how deep it is in.
class JinjaTokenStream {
 public:
  explicit JinjaTokenStream(std::vector<JinjaToken> tokens) : tokens_(std::move(tokens)) {}

  const JinjaToken& current() const { return tokens_[at_]; }
  const JinjaToken& next() const { return tokens_[std::min(at_ + 1, tokens_.size() - 1)]; }
  int line() const { return current().line; }
  bool Is(JinjaToken::Kind kind) const { return current().kind == kind; }

  /// The current token; the one behind it becomes current.
  const JinjaToken& Take() {
    const JinjaToken& token = tokens_[at_];
    if (at_ + 1 < tokens_.size()) ++at_;
    return token;
  }
  bool TakeName(std::string_view name) { return TakeIf(current().IsName(name)); }
  bool TakeOperator(std::string_view sign) { return TakeIf(current().IsOperator(sign)); }

  Status ExpectName(std::string_view name) {
    return TakeName(name) ? Status::Ok() : Unexpected(name);
  }
  Status ExpectOperator(std::string_view sign) {
    return TakeOperator(sign) ? Status::Ok() : Unexpected(sign);
  }
  Status Expect(JinjaToken::Kind kind, std::string_view what) {
    return TakeIf(Is(kind)) ? Status::Ok() : Unexpected(what);
  }
  /// A failure: `expected` isn't what comes.
  Status Unexpected(std::string_view expected) const;
  Status Error(std::string_view what) const { return JinjaSyntaxError(what, line()); }

  /// Not ok: too deep, with `operands` on top of the levels.
  Status CheckDepth(size_t operands = 0) const;

  /// Counts one more level while it lives.
  class Level {
   public:
    explicit Level(JinjaTokenStream& stream) : stream_(stream) { ++stream_.depth_; }
    ~Level() { --stream_.depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    JinjaTokenStream& stream_;
  };

 private:
  bool TakeIf(bool matches) {
    if (matches) Take();
    return matches;
  }

  const std::vector<JinjaToken> tokens_;
  size_t at_ = 0;
  size_t depth_ = 0;
};

}  // namespace millrace
