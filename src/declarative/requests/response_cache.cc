#include "declarative/requests/response_cache.h"

#include <algorithm>
#include <vector>

#include "base/lower_case.h"
#include "declarative/requests/python_url.h"

namespace millrace {
namespace {

/// What says who asks, not what for: two tokens of one user see the same.
constexpr std::string_view kNotCompared[] = {"authorization", "x-api-key", "access_token",
                                             "api_key"};

bool IsCompared(const std::string& lower_name) {
  return std::find(std::begin(kNotCompared), std::end(kNotCompared), lower_name) ==
         std::end(kNotCompared);
}

std::string KeyOf(const std::string& name, const ApiRequest& request) {
  const SplitUrl url = UrlSplit(request.url);
  std::vector<std::string> parts;
  for (const auto& [key, value] : ParseQuery(url.query)) {
    if (IsCompared(LowerCaseOf(key))) parts.push_back("?" + key + "=" + value);
  }
  for (const auto& [key, value] : request.headers) {
    const std::string lower = LowerCaseOf(key);
    if (IsCompared(lower) && lower != "cookie") parts.push_back(lower + ":" + value);
  }
  std::sort(parts.begin(), parts.end());
  std::string key = name;
  key.append("\n").append(request.method).append(" ").append(url.scheme).append("://");
  key.append(url.netloc).append(url.path);
  for (const std::string& part : parts) key.append("\n").append(part);
  key.append("\n\n").append(request.body);
  return key;
}

}  // namespace

std::shared_ptr<const ApiResponse> ResponseCache::Find(const std::string& name,
                                                       const ApiRequest& request) {
  if (request.method != "GET" && request.method != "HEAD") return nullptr;
  const std::string key = KeyOf(name, request);
  std::lock_guard lock(mutex_);
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->response;
}

void ResponseCache::Keep(const std::string& name, const ApiRequest& request,
                         const ApiResponse& response) {
  if ((request.method != "GET" && request.method != "HEAD") || response.status != 200) return;
  auto kept = std::make_shared<ApiResponse>(response);
  kept->from_cache = true;
  Entry entry{KeyOf(name, request), std::move(kept), 0};
  entry.bytes = static_cast<int64_t>(entry.key.size() + response.body.size()) + 1000;
  if (entry.bytes > kBytesMax) return;
  std::lock_guard lock(mutex_);
  if (by_key_.contains(entry.key)) return;
  bytes_ += entry.bytes;
  entries_.push_front(std::move(entry));
  by_key_[entries_.front().key] = entries_.begin();
  while (bytes_ > kBytesMax) {
    bytes_ -= entries_.back().bytes;
    by_key_.erase(entries_.back().key);
    entries_.pop_back();
  }
}

void ResponseCache::Clear() {
  std::lock_guard lock(mutex_);
  by_key_.clear();
  entries_.clear();
  bytes_ = 0;
}

}  // namespace millrace
