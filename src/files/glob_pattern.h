#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// A pattern for keys as Airbyte's file-based connectors write them: `*` and `?` stay within a
/// path's part, a part that is `**` stands for any number of parts, `[a-z]` and `[!a-z]` for one
/// character, `{csv,tsv}` for either, `\` takes the next character as it is. Names that begin with
/// a dot are only matched by patterns that spell the dot. Immutable, any thread.
class GlobPattern {
 public:
  explicit GlobPattern(std::string_view pattern);

  bool Matches(std::string_view key) const;
  /// What every key that matches begins with; what to list.
  const std::vector<std::string>& prefixes() const { return prefixes_; }

 private:
  using Parts = std::vector<std::string>;

  std::vector<Parts> alternatives_;  // braces expanded, cut at '/'
  std::vector<std::string> prefixes_;
};

}  // namespace millrace
