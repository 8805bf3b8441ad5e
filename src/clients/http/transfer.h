#pragma once

#include <curl/curl.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "clients/http/http_message.h"
#include "clients/http/http_options.h"

namespace millrace {

/// A libcurl handle with the connections it keeps open. One exchange at a time.
class HttpLine {
 public:
  HttpLine();
  ~HttpLine();
  HttpLine(const HttpLine&) = delete;
  HttpLine& operator=(const HttpLine&) = delete;

  CURLM* multi() const { return multi_; }
  CURL* easy() const { return easy_; }

 private:
  CURLM* multi_;
  CURL* easy_;
};

/// The lines of a client that no exchange uses at present. Thread-safe.
class HttpLinePool {
 public:
  explicit HttpLinePool(int idle_max) : idle_max_(idle_max) {}

  std::unique_ptr<HttpLine> Take();
  void GiveBack(std::unique_ptr<HttpLine> line);

 private:
  const int idle_max_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<HttpLine>> idle_;  // guarded by mutex_; the last is the warmest
};

/// One exchange: a request goes out, head and body come back as the caller reads them; the network
/// waits when it doesn't. One thread, which does all the work inside its calls. Holds at most
/// kBufferBytesMax and one piece of libcurl's (512 kB).
class Transfer {
 public:
  static constexpr size_t kBufferBytesMax = 1 << 20;

  /// `pool` and `options` outlive it; so does the request's body.
  Transfer(HttpLinePool& pool, const HttpOptions& options, const HttpCall& request,
           std::stop_token stop);
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  /// Sends the request and waits for the reply's head. Connect and stall deadlines.
  Status ReadHead();
  /// Requires ReadHead() to have succeeded.
  const HttpResponseHead& head() const { return head_; }
  /// Like ByteReader::Read.
  Result<int64_t> Read(char* out, int64_t size);
  /// The rest of the body; an error when it is larger than `bytes_max`.
  Result<std::string> ReadAll(int64_t bytes_max);

  /// After a failure: another attempt may succeed, and does no harm.
  bool may_retry() const;
  /// After a failure: no connection came about.
  bool unreachable() const;
  /// After a failure: a CURLcode.
  int failure_code() const { return failure_; }

 private:
  static size_t OnHeader(char* data, size_t size, size_t count, void* self);
  static size_t OnBody(char* data, size_t size, size_t count, void* self);

  Status Configure();
  void ConfigureNetwork();
  Status SetUrl();
  /// Works until a head, some body, or the end is there.
  Status DriveUntilNews();
  void CollectEnd();
  Status Failure(CURLcode code);
  size_t buffered() const { return buffer_.size() - buffer_read_; }

  HttpLinePool& pool_;
  const HttpOptions& options_;
  const HttpCall request_;
  const std::stop_token stop_;
  std::unique_ptr<HttpLine> line_;
  CURLU* url_ = nullptr;
  curl_slist* headers_ = nullptr;
  curl_slist* connect_to_ = nullptr;
  char error_[CURL_ERROR_SIZE] = {};

  bool added_ = false;
  HttpResponseHead head_;
  bool head_complete_ = false;
  std::string buffer_;  // body received and not read yet
  size_t buffer_read_ = 0;
  bool paused_ = false;
  int64_t bytes_moved_ = 0;
  bool ended_ = false;
  CURLcode end_code_ = CURLE_OK;
  CURLcode failure_ = CURLE_OK;
};

}  // namespace millrace
