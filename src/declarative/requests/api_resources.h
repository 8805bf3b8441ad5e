#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "declarative/requests/api_budget.h"
#include "declarative/requests/response_cache.h"

namespace millrace {

class TokenQuotas;  // token_quotas.h

/// What the requesters of one connector share. Owned by the source; outlives them. Thread-safe.
struct ApiResources {
  /// Null: the manifest has none. Set before the first requester is built.
  std::unique_ptr<ApiBudget> budget;
  ResponseCache cache;
  /// One OAuth token is fetched at a time: several streams share refresh tokens, and some are good
  /// for one use only.
  std::recursive_mutex oauth_refresh;

  /// The configuration since a token was rotated; None before. A new dict with each change.
  std::mutex config_mutex;
  PyValue rotated_config;

  /// The rotating tokens of that definition, made once: all streams count against them.
  std::mutex quotas_mutex;
  std::map<std::string, std::shared_ptr<TokenQuotas>> quotas;

  /// Session tokens by what they were asked for with (LegacySessionTokenAuthenticator): they are
  /// asked for again after a day.
  std::mutex sessions_mutex;
  struct Session {
    std::string token;
    int64_t expires_s = 0;
  };
  std::map<std::string, Session> sessions;
};

}  // namespace millrace
