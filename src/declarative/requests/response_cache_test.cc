#include "declarative/requests/response_cache.h"

#include <gtest/gtest.h>

#include <thread>

#include "declarative/requests/system_sleeper.h"

namespace millrace {
namespace {

ApiResponse Reply(std::string body, int status = 200) {
  ApiResponse response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

TEST(ResponseCacheTest, KnowsRequestsByWhatTheyAskFor) {
  ResponseCache cache;
  ApiRequest request{.url = "http://h/a?x=1&y=2&api_key=k1"};
  request.headers = {{"Authorization", "Bearer one"}, {"X-Page", "1"}};
  cache.Keep("parents", request, Reply("kept"));

  ApiRequest same{.url = "http://h/a?y=2&x=1&api_key=k2"};
  same.headers = {{"x-page", "1"}, {"Authorization", "Bearer two"}};
  const auto found = cache.Find("parents", same);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->body, "kept");
  EXPECT_TRUE(found->from_cache);

  EXPECT_EQ(cache.Find("others", same), nullptr);
  same.headers[0].second = "2";
  EXPECT_EQ(cache.Find("parents", same), nullptr);
  request.method = "POST";
  cache.Keep("parents", request, Reply("posted"));
  EXPECT_EQ(cache.Find("parents", request), nullptr);
  const ApiRequest missing{.url = "http://h/none"};
  cache.Keep("parents", missing, Reply("no", 404));
  EXPECT_EQ(cache.Find("parents", missing), nullptr);
}

TEST(ResponseCacheTest, LetsTheOldestGoBeforeItHoldsTooMuch) {
  ResponseCache cache;
  const auto request = [](int n) { return ApiRequest{.url = "http://h/" + std::to_string(n)}; };
  const std::string large(ResponseCache::kBytesMax / 4, 'x');
  for (int n = 0; n < 3; ++n) cache.Keep("s", request(n), Reply(large));
  EXPECT_NE(cache.Find("s", request(0)), nullptr);  // asked for last now
  cache.Keep("s", request(3), Reply(large));
  EXPECT_NE(cache.Find("s", request(0)), nullptr);
  EXPECT_EQ(cache.Find("s", request(1)), nullptr);
  EXPECT_NE(cache.Find("s", request(3)), nullptr);
}

TEST(SystemSleeperTest, IsWokenByAStop) {
  SystemSleeper sleeper;
  std::stop_source stop;
  std::jthread waker([&] { stop.request_stop(); });
  EXPECT_FALSE(sleeper.Sleep(std::chrono::hours(24), stop.get_token()));
  EXPECT_FALSE(sleeper.Sleep(std::chrono::hours(24), stop.get_token()));
  EXPECT_TRUE(sleeper.Sleep(std::chrono::milliseconds(1), {}));
}

}  // namespace
}  // namespace millrace
