#include "clients/http/http_client.h"

#include "base/log.h"
#include "clients/http/http_error.h"
#include "clients/http/http_exchange.h"
#include "clients/http/retry_after.h"

namespace millrace {
namespace {

/// So often a connection may fail to come about before anything has ever answered: a wrong port or
/// host is said within seconds, and a server that only restarts is waited for.
constexpr int kUnreachableMax = 3;

}  // namespace

HttpClient::HttpClient(HttpOptions options)
    : options_(std::move(options)),
      pool_(std::make_unique<HttpLinePool>(options_.idle_connections_max)) {}

HttpClient::~HttpClient() = default;

std::unique_ptr<HttpExchange> HttpClient::Start(HttpCall request, std::stop_token stop) {
  return std::make_unique<HttpExchange>(*pool_, options_, std::move(request), std::move(stop));
}

bool HttpClient::GivesUp() { return !answered_ && ++unreachable_ >= kUnreachableMax; }

HttpAttempt HttpClient::SendOnce(const HttpCall& request, std::stop_token stop) {
  HttpAttempt attempt;
  HttpExchange exchange(*pool_, options_, request, std::move(stop));
  attempt.status = exchange.ReadHead();
  if (attempt.status.ok()) {
    answered_ = true;
    attempt.response.head = exchange.head();
    auto body = exchange.ReadAll();
    const int status = attempt.response.head.status;
    // A server may refuse early, and close while we still send: what it said stands.
    if (body.ok() || (status >= 400 && body.status().failed())) {
      if (body.ok()) attempt.response.body = *std::move(body);
      // A server that says it is too busy has not done what was asked.
      attempt.may_retry =
          IsTransientStatus(status) && (request.may_repeat() || status == 429 || status == 503);
      return attempt;
    }
    attempt.status = body.status();
  }
  attempt.may_retry = exchange.may_retry() && !(exchange.unreachable() && GivesUp());
  return attempt;
}

Result<HttpReply> HttpClient::Send(const HttpCall& request, std::stop_token stop) {
  Backoff backoff(options_.retry);
  // Ends: Wait() says no after attempts_max attempts.
  for (;;) {
    HttpAttempt attempt = SendOnce(request, stop);
    const bool retry = attempt.may_retry && backoff.Wait(stop, RetryAfter(attempt.response.head));
    if (stop.stop_requested()) return Status::Canceled();
    if (!retry) {
      if (!attempt.status.ok()) return attempt.status;
      return std::move(attempt.response);
    }
    Log(LogLevel::kWarn, "{} (trying again, attempt {} of {})",
        attempt.status.ok() ? HttpStatusError(request, attempt.response).ToString()
                            : attempt.status.ToString(),
        backoff.attempt(), options_.retry.attempts_max);
  }
}

}  // namespace millrace
