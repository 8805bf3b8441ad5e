#include "clients/postgres/pg_options.h"

#include <array>

namespace millrace {
namespace {

constexpr std::array<std::string_view, 6> kSslModes = {"disable", "allow",     "prefer",
                                                       "require", "verify-ca", "verify-full"};

}  // namespace

Result<SslMode> SslModeFromString(std::string_view text) {
  for (size_t i = 0; i < kSslModes.size(); ++i) {
    if (kSslModes[i] == text) return static_cast<SslMode>(i);
  }
  return ConfigError(
      "ssl_mode \"{}\" is not known: use disable, allow, prefer, require, verify-ca or verify-full",
      text);
}

std::string_view ToString(SslMode mode) { return kSslModes[static_cast<size_t>(mode)]; }

std::string PgOptions::Where() const { return fmt::format("{}:{}/{}", host, port, database); }

}  // namespace millrace
