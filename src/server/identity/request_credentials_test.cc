#include "server/identity/request_credentials.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

using Kind = RequestCredentials::Kind;

HttpRequest With(const std::string& header, const std::string& value) {
  HttpRequest request;
  request.headers[header] = value;
  return request;
}

TEST(RequestCredentials, ReadsBothKinds) {
  const auto basic = CredentialsOf(With("authorization", "Basic YUBleGFtcGxlLmNvbTpwOnc="));
  EXPECT_EQ(basic.kind, Kind::kBasic);
  EXPECT_EQ(basic.name, "a@example.com");
  EXPECT_EQ(basic.secret, "p:w");
  const auto bearer = CredentialsOf(With("authorization", "bearer  a.b.c "));
  EXPECT_EQ(bearer.kind, Kind::kBearer);
  EXPECT_EQ(bearer.secret, "a.b.c");
  EXPECT_EQ(CredentialsOf(HttpRequest()).kind, Kind::kNone);
}

TEST(RequestCredentials, GuessesNothing) {
  for (const std::string text :
       {"Basic", "Basic !!", "Basic YQ==", "Digest a=b", "YTpi", "Basic \xff"}) {
    EXPECT_EQ(CredentialsOf(With("authorization", text)).kind, Kind::kUnknown) << text;
  }
  EXPECT_EQ(CredentialsOf(With("authorization", "Basic " + std::string(100'000, 'A'))).kind,
            Kind::kUnknown);
}

TEST(SessionOf, FindsItsCookie) {
  EXPECT_EQ(SessionOf(With("cookie", "a=b; millrace_session=x=y; c=d")), "x=y");
  for (const char* text : {"", ";", "millrace_session", "xmillrace_session=1", "=;=;="}) {
    EXPECT_EQ(SessionOf(With("cookie", text)), "") << text;
  }
}

TEST(SessionCookie, IsOutOfReachOfScriptsAndOtherSites) {
  const std::string cookie = SessionCookie(HttpRequest(), "s").second;
  EXPECT_NE(cookie.find("HttpOnly"), std::string::npos);
  EXPECT_NE(cookie.find("SameSite=Strict"), std::string::npos);
  EXPECT_EQ(cookie.find("Secure"), std::string::npos);
  HttpRequest secure;
  secure.secure = true;
  EXPECT_NE(SessionCookie(secure, "s").second.find("; Secure"), std::string::npos);
  EXPECT_NE(SessionCookie(HttpRequest(), "").second.find("Max-Age=0"), std::string::npos);
}

}  // namespace
}  // namespace millrace
