#include "server/request_origin.h"

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

TEST(ForeignOrigin, LetsThisMachineIn) {
  for (const char* host : {"localhost:8000", "127.0.0.1:8001", "[::1]:8000", "localhost"}) {
    EXPECT_EQ(ForeignOrigin(From(host)), "") << host;
    EXPECT_EQ(ForeignOrigin(From(host, {{"origin", "http://" + std::string(host)}})), "") << host;
  }
}

TEST(ForeignOrigin, RefusesOthers) {
  for (const char* host : {"evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8000",
                           "", "127.evil", "[::1].evil"}) {
    EXPECT_NE(ForeignOrigin(From(host)), "") << host;
  }
  for (const char* origin :
       {"http://evil.example", "null", "http://localhost:9999", "localhost:8000"}) {
    EXPECT_NE(ForeignOrigin(From("localhost:8000", {{"origin", origin}})), "") << origin;
  }
  EXPECT_NE(ForeignOrigin(From("localhost:8000", {{"x-forwarded-for", "127.0.0.1"}})), "");
  HttpRequest remote = From("localhost:8000");
  remote.from_loopback = false;
  EXPECT_NE(ForeignOrigin(remote), "");
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
