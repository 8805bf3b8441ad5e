#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "declarative/manifest/engine_environment.h"
#include "declarative/requests/flexible_time.h"
#include "declarative/requests/request_matcher.h"

namespace millrace {

class RequestSender;

/// One quota of an API that every token has: which requests count, and where the server tells what
/// is left.
struct TokenQuota {
  std::string name;
  std::vector<std::string> remaining_path, reset_path, limit_path;
  std::vector<RequestMatcher> matchers;  // none: what no other quota counts
  std::string remaining_header, reset_header, limit_header;
  std::vector<int> exhaustion_statuses;

  bool reads_replies() const {
    return !remaining_header.empty() || !reset_header.empty() || !limit_header.empty() ||
           !exhaustion_statuses.empty();
  }
};

/// How tokens take turns. A plain value.
struct TokenRotation {
  std::vector<std::string> tokens;
  std::string method, header;  ///< "Bearer", "Authorization"
  std::vector<TokenQuota> quotas;
  std::string status_url, status_method;
  HttpHeaders status_headers;
  std::vector<int> unavailable_statuses;
  double wait_seconds_max = 7200;
  double reserve_fraction = 0.1;
  double reserve_least = 50;
};

/// How many calls each token has left, asked for once and counted since. When a token's are used
/// up the next takes over; when all are, one waits for the first reset. Near the end calls are
/// spread over the time that is left. Shared by the streams of a connector; thread-safe.
class TokenQuotas {
 public:
  TokenQuotas(const EngineEnvironment& environment, TokenRotation rotation);
  ~TokenQuotas();

  /// Takes one call of the request's quota and returns the token that it is charged to. May ask the
  /// server, and wait. A transient error: all tokens are used up for longer than one waits.
  Result<std::string> Acquire(const ApiRequest& request, std::stop_token stop);
  /// The token in use.
  std::string active_token() const;
  void Learn(const ApiRequest& request, const ApiResponse& response);
  bool HasAlternative(const ApiRequest& request);
  const TokenRotation& rotation() const { return rotation_; }

 private:
  struct State {
    int64_t remaining = 0;
    WallTime reset_at;
    int64_t limit = 0;
    bool tracked = true;  // false: the server knows no quotas
  };
  using States = std::vector<std::vector<State>>;  // by token, by quota
  struct Plan;

  size_t QuotaOf(const ApiRequest& request) const;
  std::optional<size_t> SenderOf(const ApiRequest& request) const;
  Status Initialize(std::stop_token stop);
  Status Seed(std::stop_token stop);
  Result<std::vector<State>> FetchStates(size_t token, const std::stop_token& stop);
  Status RefreshAfterExhaustion(size_t quota, std::stop_token stop);
  Status SleepInChunks(double seconds, const std::stop_token& stop);
  // Require mutex_.
  Result<Plan> PlanCall(size_t quota, std::optional<WallTime>* deadline);
  bool AllSpent(size_t quota) const;
  double Throttle(size_t quota) const;
  double SecondsUntil(WallTime when) const;
  void Advance() { active_ = (active_ + 1) % rotation_.tokens.size(); }

  const EngineEnvironment& environment_;
  const TokenRotation rotation_;
  std::vector<std::unique_ptr<RequestSender>> status_senders_;  // by token
  std::mutex refresh_mutex_;                                    // held while the server is asked
  bool initialized_ = false;                                    // guarded by refresh_mutex_
  mutable std::mutex mutex_;
  States states_;  // guarded by mutex_; empty before the first answer
  size_t active_ = 0;
};

}  // namespace millrace
