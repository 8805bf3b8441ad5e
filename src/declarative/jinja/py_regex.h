#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace millrace {

/// A regular expression of Python's `re` over text, run by PCRE2. Where the two read a pattern
/// differently it is rewritten; what Python refuses is refused (an "error: …"). Matching is
/// bounded: a pattern that backtracks without end fails. Const and usable from any thread.
class PyRegex {
 public:
  /// Of one match: the whole and the groups, as bytes of the text; none for those that took no
  /// part.
  using Groups = std::vector<std::optional<std::pair<size_t, size_t>>>;

  /// From a small cache of the thread where it was compiled there before.
  static Result<std::shared_ptr<const PyRegex>> Make(std::string_view pattern);
  ~PyRegex();
  PyRegex(const PyRegex&) = delete;
  PyRegex& operator=(const PyRegex&) = delete;

  /// re.search: the first match at or behind `start`. `not_empty_at_start`: an empty one there
  /// doesn't count.
  Result<std::optional<Groups>> Search(std::string_view text, size_t start = 0,
                                       bool not_empty_at_start = false) const;
  size_t group_count() const { return group_count_; }
  /// None: there is no group of that name.
  std::optional<size_t> GroupOf(std::string_view name) const;

  /// re.sub(pattern, replacement, text), with \1 and \g<name> in the replacement. An
  /// OverflowError when the result would be larger than `bytes_max`.
  Result<std::string> Substitute(std::string_view text, std::string_view replacement,
                                 size_t bytes_max) const;

 private:
  struct Compiled;
  explicit PyRegex(std::unique_ptr<Compiled> compiled);

  const std::unique_ptr<Compiled> compiled_;
  size_t group_count_ = 0;
};

/// The pattern as PCRE2 reads it. An "error: …" for what Python refuses.
Result<std::string> PcrePattern(std::string_view pattern);

}  // namespace millrace
