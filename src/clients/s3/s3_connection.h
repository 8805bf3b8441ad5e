#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "clients/http/http_client.h"
#include "clients/http/http_reader.h"
#include "clients/s3/s3_config.h"
#include "clients/s3/s3_error.h"
#include "clients/s3/sigv4.h"

namespace millrace {

/// One call of S3's API. A plain value; `body` is borrowed.
struct S3Call {
  std::string_view doing;  ///< a gerund, for messages: "reading"
  std::string method = "GET";
  std::string key;  ///< empty: the bucket itself
  QueryParameters query;
  HttpHeaders headers;  ///< besides those of the signature
  std::string_view body;
  /// Copies and completions: the server works a while before it answers.
  std::optional<std::chrono::milliseconds> stall;
  std::optional<int64_t> response_bytes_max;
  /// Still sent when the connection was stopped: once, and not waited for long.
  bool cleans_up = false;
};

/// What it came to. Not ok: `error` says why.
struct S3Reply {
  HttpReply response;
  std::optional<S3Error> error;

  bool ok() const { return !error; }
};

/// Sends signed calls about one bucket: addresses, signatures, retries and the bucket's region are
/// settled here. Thread-safe.
class S3Connection {
 public:
  /// `config` is resolved; `clock` dates signatures and outlives the connection. `stop` ends every
  /// call, also one that waits before a retry, with kCanceled.
  S3Connection(S3Config config, const Clock& clock, std::stop_token stop);

  const S3Config& config() const { return config_; }

  /// Attempts at most config().http.retry.attempts_max times; asks the region that the server
  /// names once. A status only when no reply came.
  Result<S3Reply> Send(const S3Call& call);

  /// Reads an object from `offset` on, resuming broken transfers.
  Result<std::unique_ptr<HttpReader>> Open(const S3Call& call, int64_t offset);

  /// "reading s3://bucket/key".
  std::string What(const S3Call& call) const;
  Status ToStatus(const S3Call& call, const S3Reply& reply) const {
    return reply.error->ToStatus(What(call));
  }

 private:
  HttpCall Sign(const S3Call& call) const;
  std::string Region() const;
  /// True when the server named another region than the one in use: worth another attempt.
  bool LearnRegion(const S3Error& error);

  const S3Config config_;
  const Clock& clock_;
  const std::stop_token stop_;
  HttpClient http_;
  mutable std::mutex mutex_;
  std::string region_;  // guarded by mutex_
};

}  // namespace millrace
