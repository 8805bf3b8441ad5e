#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// What stands for a secret wherever one is shown: Airbyte's mask.
inline constexpr std::string_view kSecretMask = "**********";

/// The values that must never leave the process in text: registered when a configuration is read
/// (every field that its spec marks airbyte_secret), struck from log lines and error messages
/// where they are printed, in every form that SecretForms knows. One set for the process, and one
/// for each Scope; thread-safe.
class Secrets {
 public:
  /// From its making to its end, on its thread: what is registered there belongs to it alone, and
  /// is all that Redact strikes there. A server opens one for each request, attempt and look at a
  /// source: a secret is struck from what the work that used it says, and no other reply tells
  /// who guesses that it is one. One within another takes its place until it ends.
  class Scope {
   public:
    /// `secrets`: those that the work is known to use from its beginning.
    explicit Scope(const std::vector<std::string>& secrets = {});
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    friend class Secrets;
    std::vector<std::string> secrets_;  // longest first
    Scope* outer_;
  };

  /// For the thread's Scope, without one for the process. Values shorter than 3 characters are not
  /// registered: striking them would ruin every text.
  static void Register(std::string_view secret);
  /// `text` with each value of the thread's Scope, without one of the process, replaced by
  /// kSecretMask. Short ones (under 12 characters) are struck where they stand alone, not as a part
  /// of a longer word: with the password "shop", "password=shop" is struck and "shop_orders" is
  /// not.
  static std::string Redact(std::string_view text);
  /// The same for those of the Scope and those of the process: what only the server's own log
  /// shows.
  static std::string RedactAll(std::string_view text);
  /// The same rule for a set of one's own, of one attempt, say, in a process that sees those of
  /// many: exactly these texts (see SecretFormsOf).
  static std::string Strike(std::string_view text, const std::vector<std::string>& longest_first);
};

}  // namespace millrace
