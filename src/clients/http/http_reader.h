#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "base/byte_reader.h"
#include "clients/http/backoff.h"
#include "clients/http/http_client.h"
#include "clients/http/http_exchange.h"

namespace millrace {

/// How a reader gets at its bytes, however often it has to begin again.
struct HttpSource {
  /// A GET request, made for each attempt (a signature has a date); without Range.
  std::function<Result<HttpCall>()> make_request;
  /// Turns a reply that isn't 2xx into an error; left out: HttpStatusError.
  std::function<Status(const HttpCall&, const HttpReply&)> explain;
};

/// The body of a reply from an offset on. A transfer that breaks goes on by a range request from
/// where it broke, if the server still has the same content (ETag, Last-Modified, size); where it
/// hasn't, the read fails. Attempts without a byte of progress are bounded by the client's policy,
/// resumptions altogether by kResumesMax. One thread.
class HttpReader : public ByteReader {
 public:
  static constexpr int kResumesMax = 1000;

  /// Sends the request; fails when the reply isn't 2xx. An offset at or behind the end reads as
  /// the end. `client` outlives the reader.
  static Result<std::unique_ptr<HttpReader>> Open(HttpClient& client, HttpSource source,
                                                  int64_t offset = 0, std::stop_token stop = {});

  Result<int64_t> Read(char* out, int64_t size) override;

  /// Of the first reply.
  const HttpResponseHead& head() const { return head_; }
  /// Bytes of the whole content; -1 when the server doesn't say.
  int64_t total_size() const { return total_size_; }

 private:
  HttpReader(HttpClient& client, HttpSource source, int64_t offset, std::stop_token stop);

  /// One attempt from position_ on; sets exchange_. `retry` and `pause` say what may follow a
  /// failure.
  Status ConnectOnce(bool* retry, std::optional<std::chrono::milliseconds>* pause);
  Status Connect();
  Status AcceptHead();
  Status Skip(int64_t bytes);
  Status CheckUnchanged(int64_t total_size) const;
  Status Replaced() const;

  HttpClient& client_;
  const HttpSource source_;
  const std::stop_token stop_;
  Backoff backoff_;
  std::unique_ptr<HttpExchange> exchange_;  // null: connect first
  HttpResponseHead head_;
  bool opened_ = false;
  bool ended_ = false;
  int64_t position_;
  int64_t total_size_ = -1;
  int resumes_ = 0;
  std::string where_;  // for messages
};

}  // namespace millrace
