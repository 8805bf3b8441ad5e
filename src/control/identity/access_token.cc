#include "control/identity/access_token.h"

#include <jwt.h>

#include <cstdlib>
#include <memory>

namespace millrace {
namespace {

constexpr const char* kIssuer = "millrace";
constexpr size_t kBytesMax = 4096;

struct FreeJwt {
  void operator()(jwt_t* token) const { jwt_free(token); }
};
using Jwt = std::unique_ptr<jwt_t, FreeJwt>;

struct FreeText {  // the library allocates with malloc
  void operator()(char* text) const { std::free(text); }
};

const unsigned char* Bytes(const std::string& key) {
  return reinterpret_cast<const unsigned char*>(key.data());
}

int64_t SecondsOf(const Clock& clock) {
  return std::chrono::floor<std::chrono::seconds>(clock.WallNow()).time_since_epoch().count();
}

std::string TextOf(jwt_t* token, const char* name) {
  const char* const text = jwt_get_grant(token, name);
  return text == nullptr ? std::string() : std::string(text);
}

}  // namespace

Result<std::string> AccessTokens::Issue(const AccessClaims& claims) const {
  jwt_t* made = nullptr;
  if (jwt_new(&made) != 0) return SystemError("there is no memory for a token");
  const Jwt token(made);
  const int64_t now = SecondsOf(clock_);
  const bool filled =
      jwt_set_alg(made, JWT_ALG_HS256, Bytes(key_), static_cast<int>(key_.size())) == 0 &&
      jwt_add_grant(made, "iss", kIssuer) == 0 &&
      jwt_add_grant(made, "sub", claims.person_id.c_str()) == 0 &&
      jwt_add_grant(made, "client_id", claims.client_id.c_str()) == 0 &&
      jwt_add_grant_int(made, "iat", now) == 0 &&
      jwt_add_grant_int(made, "exp", now + kLife.count()) == 0;
  const std::unique_ptr<char, FreeText> text(filled ? jwt_encode_str(made) : nullptr);
  if (text == nullptr) return SystemError("a token could not be signed");
  return std::string(text.get());
}

std::optional<AccessClaims> AccessTokens::Read(std::string_view token) const {
  if (token.size() > kBytesMax) return std::nullopt;
  jwt_t* decoded = nullptr;
  const std::string text(token);  // the library wants a zero at its end
  if (jwt_decode(&decoded, text.c_str(), Bytes(key_), static_cast<int>(key_.size())) != 0) {
    return std::nullopt;
  }
  const Jwt owned(decoded);
  // A token names its own algorithm: only the one that is signed with is believed.
  if (jwt_get_alg(decoded) != JWT_ALG_HS256) return std::nullopt;
  if (TextOf(decoded, "iss") != kIssuer) return std::nullopt;
  if (jwt_get_grant_int(decoded, "exp") <= SecondsOf(clock_)) return std::nullopt;
  AccessClaims claims{TextOf(decoded, "sub"), TextOf(decoded, "client_id")};
  if (claims.person_id.empty() || claims.client_id.empty()) return std::nullopt;
  return claims;
}

}  // namespace millrace
