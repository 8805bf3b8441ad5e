#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "declarative/requests/api_transport.h"

namespace millrace {

/// Replies of requests that are made several times in one sync: parents of several streams. One of
/// a source; each requester's name has its own replies. Keeps at most kBytesMax, and lets the ones
/// go that were not asked for longest. Thread-safe.
class ResponseCache {
 public:
  static constexpr int64_t kBytesMax = 64 << 20;

  /// Null when there is none.
  std::shared_ptr<const ApiResponse> Find(const std::string& name, const ApiRequest& request);
  /// Keeps a reply with status 200 to GET or HEAD; ignores any other.
  void Keep(const std::string& name, const ApiRequest& request, const ApiResponse& response);
  void Clear();

 private:
  struct Entry {
    std::string key;
    std::shared_ptr<const ApiResponse> response;
    int64_t bytes = 0;
  };
  std::mutex mutex_;
  std::list<Entry> entries_;  // guarded by mutex_; the first was asked for last
  std::unordered_map<std::string, std::list<Entry>::iterator> by_key_;
  int64_t bytes_ = 0;
};

}  // namespace millrace
