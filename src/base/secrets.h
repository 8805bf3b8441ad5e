#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// What stands for a secret wherever one is shown: Airbyte's mask.
inline constexpr std::string_view kSecretMask = "**********";

/// The values that must never leave the process in text: registered when a configuration is read
/// (every field that its spec marks airbyte_secret), struck from log lines and error messages
/// where they are printed. One set for the process; thread-safe.
class Secrets {
 public:
  /// Values shorter than 3 characters are not registered: striking them would ruin every text.
  static void Register(std::string_view secret);
  /// `text` with each registered value replaced by kSecretMask. Short ones (under 12 characters)
  /// are struck where they stand alone, not as a part of a longer word: with the password "shop",
  /// "password=shop" is struck and "shop_orders" is not.
  static std::string Redact(std::string_view text);
  /// The same rule for a set of one's own, the longest secret first: of one attempt, say, in a
  /// process that sees those of many.
  static std::string Strike(std::string_view text, const std::vector<std::string>& longest_first);
};

}  // namespace millrace
