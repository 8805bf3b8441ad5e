#include "server/identity/request_origin.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

HttpRequest From(std::string host, std::map<std::string, std::string, std::less<>> headers = {}) {
  HttpRequest request;
  request.from_loopback = true;
  request.headers = std::move(headers);
  request.headers["host"] = std::move(host);
  return request;
}

constexpr bool kLoopbackOnly = true;

TEST(ForeignOrigin, LetsThisMachineIn) {
  for (const char* host : {"localhost:8000", "127.0.0.1:8001", "[::1]:8000", "localhost"}) {
    EXPECT_EQ(ForeignOrigin(From(host), kLoopbackOnly), "") << host;
    const auto from_page = From(host, {{"origin", "http://" + std::string(host)}});
    EXPECT_EQ(ForeignOrigin(from_page, kLoopbackOnly), "") << host;
  }
}

TEST(ForeignOrigin, RefusesOtherNamesAndPages) {
  for (const char* host : {"evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8000",
                           "", "127.evil", "[::1].evil"}) {
    EXPECT_NE(ForeignOrigin(From(host), kLoopbackOnly), "") << host;
  }
  for (const bool loopback_only : {true, false}) {
    for (const char* origin :
         {"http://evil.example", "null", "http://localhost:9999", "localhost:8000"}) {
      EXPECT_NE(ForeignOrigin(From("localhost:8000", {{"origin", origin}}), loopback_only), "")
          << origin;
    }
  }
}

TEST(ForeignOrigin, KnowsAServerByItsNames) {
  EXPECT_EQ(ForeignOrigin(From("millrace.example:8000"), !kLoopbackOnly), "");
  const std::vector<std::string> names = {"millrace.example"};
  for (const char* host : {"millrace.example", "millrace.example:8443", "Millrace.Example"}) {
    EXPECT_EQ(ForeignOrigin(From(host), kLoopbackOnly, names), "") << host;
  }
  EXPECT_NE(ForeignOrigin(From("other.example"), kLoopbackOnly, names), "");
  const auto renamed = From("127.0.0.1:8000", {{"x-forwarded-host", "millrace.example"},
                                               {"origin", "https://millrace.example"}});
  EXPECT_EQ(ForeignOrigin(renamed, kLoopbackOnly), "");
}

TEST(ForeignOrigin, NoHeaderMakesAnotherNameItsOwn) {
  for (const char* header : {"forwarded", "x-forwarded-for", "x-forwarded-host", "via"}) {
    const auto rebound = From("evil.example:8000", {{header, "evil.example:8000"},
                                                    {"origin", "http://evil.example:8000"}});
    EXPECT_NE(ForeignOrigin(rebound, kLoopbackOnly), "") << header;
  }
}

TEST(PublicNameOf, TakesUrlsOnly) {
  EXPECT_EQ(*PublicNameOf("https://Millrace.example:8443/x"), "millrace.example");
  EXPECT_EQ(*PublicNameOf("http://[2001:db8::1]:80"), "[2001:db8::1]");
  for (const char* wrong :
       {"", "millrace.example", "https://", "https://a@b", "ftp://a", "https://*"}) {
    EXPECT_FALSE(PublicNameOf(wrong).ok()) << wrong;
  }
}

TEST(CameThroughProxy, KnowsTheirHeaders) {
  EXPECT_FALSE(CameThroughProxy(From("localhost")));
  for (const char* header : {"forwarded", "x-forwarded-for", "x-forwarded-host",
                             "x-forwarded-proto", "x-real-ip", "via"}) {
    EXPECT_TRUE(CameThroughProxy(From("localhost", {{header, ""}}))) << header;
  }
}

TEST(IsLoopbackAddress, KnowsItsOwn) {
  EXPECT_TRUE(IsLoopbackAddress("127.0.0.1:8000"));
  EXPECT_TRUE(IsLoopbackAddress("[::1]:0"));
  for (const char* other : {"0.0.0.0:8000", "[::]:8000", "192.0.2.1:80", "127.0.0.1.example:80"}) {
    EXPECT_FALSE(IsLoopbackAddress(other)) << other;
  }
}

}  // namespace
}  // namespace millrace
