#pragma once

#include "control/identity/sign_in.h"
#include "server/http/http_message.h"

namespace millrace {

/// Signing in and out with a session's cookie, and the password. Thread-safe.
class SignInCalls {
 public:
  explicit SignInCalls(SignIn& sign_in) : sign_in_(sign_in) {}

  /// {username, password}, as a document or a form: 200 and the cookie.
  HttpResponse LogIn(const HttpRequest& request) const;
  /// Ends the session that the cookie names. 204, also without one.
  HttpResponse LogOut(const HttpRequest& request) const;
  /// {currentPassword, newPassword}: 204. Other sessions end.
  HttpResponse ChangePassword(const HttpRequest& request) const;

 private:
  SignIn& sign_in_;
};

}  // namespace millrace
