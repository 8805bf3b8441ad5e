#pragma once

#include <memory>

#include "clients/http/transfer.h"

namespace millrace {

/// Why a transfer did not bring a whole reply.
enum class HttpFailure {
  kOther,
  kUrl,          ///< no URL, or not http
  kUnreachable,  ///< no such host, nobody listens
  kProxy,
  kTls,
  kTimeout,  ///< connecting, or nothing moved for too long
  kBroken,   ///< the connection ended in the middle, or what came isn't HTTP
};

/// One attempt at a request, redirects followed: a few transfers, of which the last one's reply is
/// read. Never from https to http; what may identify the user stays with the host it was meant
/// for. One thread.
class HttpExchange {
 public:
  /// As for Transfer.
  HttpExchange(HttpLinePool& pool, const HttpOptions& options, HttpCall request,
               std::stop_token stop)
      : pool_(pool), options_(options), request_(std::move(request)), stop_(std::move(stop)) {}

  /// Sends the request and waits for the head of the reply that is not a redirect.
  Status ReadHead();
  /// The others require ReadHead() to have succeeded.
  const HttpResponseHead& head() const { return transfer_->head(); }
  /// What was sent last.
  const HttpCall& request() const { return request_; }
  Result<int64_t> Read(char* out, int64_t size) { return transfer_->Read(out, size); }
  /// The rest of the body, within the request's or the client's bound.
  Result<std::string> ReadAll();
  /// After a failure: another attempt may succeed, and does no harm.
  bool may_retry() const { return transfer_ != nullptr && transfer_->may_retry(); }
  /// After a failure of the transfer: which of the kinds that callers tell apart.
  HttpFailure failure() const;
  /// It failed because no connection came about.
  bool unreachable() const { return transfer_ != nullptr && transfer_->unreachable(); }

 private:
  /// Turns request_ into the one that the reply's Location asks for.
  Status Redirect();

  HttpLinePool& pool_;
  const HttpOptions& options_;
  HttpCall request_;
  const std::stop_token stop_;
  std::unique_ptr<Transfer> transfer_;
};

}  // namespace millrace
