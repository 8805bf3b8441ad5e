#include "declarative/requests/request_sender.h"

#include <algorithm>
#include <cmath>

#include "base/log.h"
#include "base/secrets.h"
#include "declarative/jinja/py_error.h"
#include "declarative/requests/api_resources.h"
#include "declarative/requests/request_failure.h"

namespace millrace {
namespace {

/// The wait before a request goes on with another token: not nothing, for tokens that lie about
/// their quota.
constexpr double kRotationSeconds = 0.1;

/// 1, 2, 4, …
double Doubling(int n) { return std::ldexp(1.0, std::min(n, 40)); }

}  // namespace

struct RequestSender::Attempt {
  enum class Kind { kDone, kNamedWait, kRateLimit, kRetry };
  Kind kind = Kind::kDone;
  ApiReply reply;  // kDone
  // Else: how long to wait, and what the request fails with when it isn't tried again.
  double seconds = 0;
  std::string message;
  FailureType failure_type = FailureType::kSystemError;
  bool too_many_requests = false;
};

struct RequestSender::Progress {
  ApiRequest request;
  const std::stop_token stop;
  int attempts = 0;
  std::optional<bool> refreshed;  // whether the one refresh of a token worked
};

RequestSender::RequestSender(const EngineEnvironment& environment, ApiResources* resources,
                             std::unique_ptr<ErrorHandler> error_handler,
                             std::shared_ptr<Authenticator> authenticator, Options options)
    : environment_(environment),
      resources_(resources),
      error_handler_(std::move(error_handler)),
      authenticator_(std::move(authenticator)),
      strategies_(error_handler_->backoff_strategies()),
      options_(std::move(options)),
      cookies_(*environment.clock) {}

RequestSender::~RequestSender() = default;

void RequestSender::AddCookies(ApiRequest* request) const {
  if (!request->Header("Cookie").empty()) return;
  std::string header = cookies_.HeaderFor(request->url);
  if (!header.empty()) request->SetHeader("Cookie", std::move(header));
}

double RequestSender::SecondsSince(WallTime start) const {
  return std::chrono::duration<double>(environment_.clock->WallNow() - start).count();
}

bool RequestSender::MayTryAgain(int tries) const {
  return !environment_.tries_once && tries <= error_handler_->retries_max();
}

Status RequestSender::Wait(double seconds, const Progress& progress) {
  const auto span = std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::duration<double>(std::clamp(seconds, 0.0, 1e9)));
  return environment_.sleeper->Sleep(span, progress.stop) ? Status::Ok() : Status::Canceled();
}

Result<ExchangeOutcome> RequestSender::Exchange(const ApiRequest& request, std::stop_token stop) {
  const bool caches = options_.use_cache && resources_ != nullptr && !environment_.tries_once;
  if (caches) {
    if (auto kept = resources_->cache.Find(options_.name, request)) {
      return ExchangeOutcome(std::move(kept));
    }
  }
  ApiBudget* budget = resources_ != nullptr ? resources_->budget.get() : nullptr;
  if (budget != nullptr) MR_RETURN_IF_ERROR(budget->Acquire(request, stop));
  auto response = environment_.transport->Send(request, &cookies_, stop);
  if (!response.ok()) {
    if (IsRequestException(response.status())) return ExchangeOutcome(response.status());
    return response.status();
  }
  if (budget != nullptr) MR_RETURN_IF_ERROR(budget->Learn(request, **response));
  if (environment_.watch != nullptr) {
    environment_.watch->Exchanged(options_.purpose, request, **response);
  }
  if (caches) {
    resources_->cache.Keep(options_.name, request, **response);
  }
  return ExchangeOutcome(*std::move(response));
}

Result<RequestSender::Attempt> RequestSender::Try(Progress& progress) {
  if (++progress.attempts > 1) {
    MR_RETURN_IF_ERROR(authenticator_->Sign(&progress.request, progress.stop));
  }
  MR_ASSIGN_OR_RETURN(const ExchangeOutcome outcome, Exchange(progress.request, progress.stop));
  if (outcome.response() != nullptr && !outcome.response()->from_cache) {
    authenticator_->Learn(progress.request, *outcome.response());
  }
  MR_ASSIGN_OR_RETURN(const ErrorResolution resolution, error_handler_->Interpret(outcome));
  return Judge(outcome, resolution, progress);
}

Result<RequestSender::Attempt> RequestSender::Judge(const ExchangeOutcome& outcome,
                                                    const ErrorResolution& resolution,
                                                    Progress& progress) {
  Attempt attempt;
  attempt.reply.response = outcome.shared_response();
  switch (resolution.action) {
    case ResponseAction::kResetPagination:
      attempt.reply.outcome = ApiOutcome::kResetPagination;
      return attempt;
    case ResponseAction::kReducePageSize:
      attempt.reply.outcome = ApiOutcome::kReducePageSize;
      attempt.reply.message = resolution.message;
      return attempt;
    case ResponseAction::kSplitRequestWindow:
      attempt.reply.outcome = ApiOutcome::kSplitRequestWindow;
      attempt.reply.message = resolution.message;
      return attempt;
    case ResponseAction::kFail:
      return FailedRequest(progress.request, outcome, resolution);
    case ResponseAction::kIgnore:
    case ResponseAction::kSuccess: {
      if (resolution.action == ResponseAction::kIgnore) {
        environment_.messages->Log(LogLevel::kInfo,
                                   IgnoredRequest(progress.request, outcome, resolution));
      }
      // What isn't ok is false in Python: there is nothing to read in it.
      const bool readable = outcome.response() != nullptr && outcome.response()->ok();
      attempt.reply.outcome = readable ? ApiOutcome::kSuccess : ApiOutcome::kIgnored;
      return attempt;
    }
    case ResponseAction::kRateLimited:
      environment_.messages->RateLimited(options_.name);
      break;
    case ResponseAction::kRefreshTokenThenRetry:
      MR_RETURN_IF_ERROR(RefreshToken(outcome, resolution, progress));
      break;
    case ResponseAction::kRetry:
      break;
  }
  return PlanRetry(outcome, resolution, progress);
}

Result<RequestSender::Attempt> RequestSender::PlanRetry(const ExchangeOutcome& outcome,
                                                        const ErrorResolution& resolution,
                                                        Progress& progress) {
  Attempt attempt;
  attempt.failure_type = resolution.failure_type.value_or(FailureType::kSystemError);
  attempt.too_many_requests = outcome.response() != nullptr && outcome.response()->status == 429;
  attempt.message = resolution.message.empty() ? UnexplainedRetry(progress.request, resolution)
                                               : resolution.message;
  const bool limited = resolution.action == ResponseAction::kRateLimited;
  std::optional<double> seconds;
  if (limited && authenticator_->HasAlternative(progress.request)) {
    seconds = kRotationSeconds;
  } else {
    for (const BackoffStrategy* strategy : strategies_) {
      MR_ASSIGN_OR_RETURN(seconds, strategy->Seconds(outcome, progress.attempts));
      if (seconds && *seconds != 0) break;
    }
  }
  if (seconds && *seconds != 0) {
    attempt.kind = Attempt::Kind::kNamedWait;
    attempt.seconds = *seconds;
  } else {
    attempt.kind =
        limited && !options_.exit_on_rate_limit ? Attempt::Kind::kRateLimit : Attempt::Kind::kRetry;
  }
  if (environment_.tries_once) return attempt;
  environment_.messages->Log(
      LogLevel::kInfo,
      fmt::format("{} (attempt {})", Secrets::Redact(attempt.message), progress.attempts));
  return attempt;
}

Result<bool> RequestSender::TokenWasReplaced(const Progress& progress) {
  const std::string_view sent = progress.request.Header("Authorization");
  if (sent.empty()) return false;
  MR_ASSIGN_OR_RETURN(const PyValue header, authenticator_->Header(progress.stop));
  const PyValue* current = header.Find("Authorization");
  return current != nullptr && current->is_str() && current->str() != sent;
}

Status RequestSender::RefreshToken(const ExchangeOutcome& outcome,
                                   const ErrorResolution& resolution, Progress& progress) {
  if (progress.refreshed) {
    return RejectedAgain(progress.request, outcome, resolution, *progress.refreshed);
  }
  if (!authenticator_->can_refresh()) {
    environment_.messages->Log(LogLevel::kWarn,
                               "REFRESH_TOKEN_THEN_RETRY: this authenticator has no token to "
                               "refresh; the request is sent again as it is");
    return Status::Ok();
  }
  progress.refreshed = false;
  const auto replaced = TokenWasReplaced(progress);
  const Status refreshed = !replaced.ok() ? replaced.status()
                           : *replaced    ? Status::Ok()
                                          : authenticator_->Refresh(progress.stop);
  if (refreshed.canceled()) return refreshed;
  if (refreshed.ok()) {
    progress.refreshed = true;
  } else if (refreshed.error().type == FailureType::kConfigError) {
    return refreshed;
  } else if (IsPyError(refreshed, "HTTPError")) {
    return Status::Failed({FailureType::kConfigError,
                           "OAuth token refresh request is rejected by the token endpoint.",
                           refreshed.error().message,
                           {}});
  } else {
    environment_.messages->Log(LogLevel::kWarn,
                               "the OAuth token could not be refreshed: " + refreshed.ToString());
  }
  return Status::Ok();
}

Result<RequestSender::Attempt> RequestSender::TryWithNamedWaits(Progress& progress) {
  const WallTime start = environment_.clock->WallNow();
  for (int tries = 1;; ++tries) {
    const double elapsed = SecondsSince(start);
    MR_ASSIGN_OR_RETURN(Attempt attempt, Try(progress));
    if (attempt.kind != Attempt::Kind::kNamedWait) return attempt;
    if (!MayTryAgain(tries) || elapsed >= error_handler_->seconds_max()) {
      return attempt;
    }
    MR_RETURN_IF_ERROR(Wait(attempt.seconds + 1, progress));
  }
}

Result<RequestSender::Attempt> RequestSender::TryWithRateLimits(Progress& progress) {
  for (int tries = 1;; ++tries) {
    MR_ASSIGN_OR_RETURN(Attempt attempt, TryWithNamedWaits(progress));
    if (attempt.kind != Attempt::Kind::kRateLimit || !MayTryAgain(tries)) {
      return attempt;
    }
    MR_RETURN_IF_ERROR(Wait(Doubling(tries - 1), progress));
  }
}

Result<RequestSender::Attempt> RequestSender::TryAll(Progress& progress) {
  const WallTime start = environment_.clock->WallNow();
  for (int tries = 1;; ++tries) {
    const double elapsed = SecondsSince(start);
    MR_ASSIGN_OR_RETURN(Attempt attempt, TryWithRateLimits(progress));
    if (attempt.kind != Attempt::Kind::kRetry) return attempt;
    const double left = error_handler_->seconds_max() - elapsed;
    if (!MayTryAgain(tries) || left <= 0) return attempt;
    MR_RETURN_IF_ERROR(Wait(std::min(Doubling(tries - 1), left), progress));
  }
}

Result<ApiReply> RequestSender::Send(ApiRequest request, std::stop_token stop) {
  Progress progress{.request = std::move(request), .stop = std::move(stop)};
  MR_ASSIGN_OR_RETURN(Attempt attempt, TryAll(progress));
  if (attempt.kind == Attempt::Kind::kDone) return std::move(attempt.reply);
  if (attempt.too_many_requests) {
    return Status::Failed({FailureType::kTransientError,
                           "API rate limit exceeded.",
                           "Rate limit retry budget exhausted: " + attempt.message,
                           {}});
  }
  return Status::Failed({attempt.failure_type,
                         "Exhausted available request attempts. Please see logs for more details. "
                         "Exception: " +
                             attempt.message,
                         {},
                         {}});
}

}  // namespace millrace
