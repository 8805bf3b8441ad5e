#include "clients/http/retry_after.h"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <string>

namespace millrace {

std::optional<std::chrono::milliseconds> RetryAfter(const HttpResponseHead& head) {
  const std::string_view text = head.Find("Retry-After");
  if (text.empty()) return std::nullopt;
  int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size()) {
    const time_t when = curl_getdate(std::string(text).c_str(), nullptr);
    if (when < 0) return std::nullopt;
    seconds = when - std::time(nullptr);
  }
  // A year is as good as any longer time: nobody waits for it.
  return std::chrono::seconds(std::clamp<int64_t>(seconds, 0, 365 * 86400));
}

}  // namespace millrace
