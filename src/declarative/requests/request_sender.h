#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "declarative/manifest/engine_environment.h"
#include "declarative/requests/api_transport.h"
#include "declarative/requests/authenticator.h"
#include "declarative/requests/cookie_jar.h"
#include "declarative/requests/error_handler.h"
#include "declarative/requests/exchange_watch.h"
#include "declarative/requests/requester.h"

namespace millrace {

struct ApiResources;

/// Sends prepared requests as often as their error handler wants it: budget, cache, signing,
/// back-off, refreshed tokens. One of each requester; from several threads at once.
class RequestSender {
 public:
  struct Options {
    std::string name;  ///< of the stream: in messages, and whose cache it is
    bool use_cache = false;
    /// Being told to slow down is a failure like others: tried again within the usual time.
    bool exit_on_rate_limit = false;
    ExchangePurpose purpose = {};
  };

  /// `resources` may be null; `authenticator` never is.
  RequestSender(const EngineEnvironment& environment, ApiResources* resources,
                std::unique_ptr<ErrorHandler> error_handler,
                std::shared_ptr<Authenticator> authenticator, Options options);
  ~RequestSender();

  /// Sends a request that was signed once. The failure is what the stream fails with.
  Result<ApiReply> Send(ApiRequest request, std::stop_token stop);

  Authenticator& authenticator() const { return *authenticator_; }
  /// Adds the session's cookies to a request that is being prepared.
  void AddCookies(ApiRequest* request) const;

 private:
  struct Attempt;   // what one attempt came to
  struct Progress;  // of one Send()

  Result<ExchangeOutcome> Exchange(const ApiRequest& request, std::stop_token stop);
  Result<Attempt> Try(Progress& progress);
  Result<Attempt> Judge(const ExchangeOutcome& outcome, const ErrorResolution& resolution,
                        Progress& progress);
  Result<Attempt> PlanRetry(const ExchangeOutcome& outcome, const ErrorResolution& resolution,
                            Progress& progress);
  Status RefreshToken(const ExchangeOutcome& outcome, const ErrorResolution& resolution,
                      Progress& progress);
  Result<bool> TokenWasReplaced(const Progress& progress);
  // One within the other, each with counters of its own: waits that strategies name, waits of who
  // is told to slow down, and the others.
  Result<Attempt> TryWithNamedWaits(Progress& progress);
  Result<Attempt> TryWithRateLimits(Progress& progress);
  Result<Attempt> TryAll(Progress& progress);
  double SecondsSince(WallTime start) const;
  bool MayTryAgain(int tries) const;
  Status Wait(double seconds, const Progress& progress);

  const EngineEnvironment& environment_;
  ApiResources* const resources_;
  const std::unique_ptr<ErrorHandler> error_handler_;
  const std::shared_ptr<Authenticator> authenticator_;
  const std::vector<const BackoffStrategy*> strategies_;
  const Options options_;
  CookieJar cookies_;
};

}  // namespace millrace
