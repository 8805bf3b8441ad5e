#pragma once

#include <optional>
#include <string>

#include "server/http/http_message.h"

namespace millrace {

/// What a request says about who sent it. A plain value; nothing of it is checked.
struct RequestCredentials {
  enum class Kind { kNone, kBasic, kBearer, kUnknown };
  Kind kind = Kind::kNone;
  std::string name;    ///< of kBasic
  std::string secret;  ///< the password, or the token
};

/// Of the Authorization header. kUnknown: there is one that can't be understood.
RequestCredentials CredentialsOf(const HttpRequest& request);

/// The cookie that a browser which signed in sends; empty: none.
std::string SessionOf(const HttpRequest& request);

/// The header that gives a browser its session, or takes it away (an empty one). Only this site's
/// own pages make the browser send it, and no script can read it.
std::pair<std::string, std::string> SessionCookie(const HttpRequest& request,
                                                  const std::string& session);

}  // namespace millrace
