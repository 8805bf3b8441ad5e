#include "clients/s3/s3_connection.h"

#include <algorithm>
#include <pugixml.hpp>

#include "base/log.h"
#include "clients/http/http_error.h"
#include "clients/http/retry_after.h"

namespace millrace {
namespace {

struct Address {
  std::string scheme_and_host;  // "https://bucket.s3.eu-west-1.amazonaws.com"
  std::string host;             // with a port that isn't the scheme's
  std::string path;             // encoded
};

Address AddressOf(const S3Config& config, const std::string& region, const std::string& key) {
  Address address;
  const std::string encoded_key = UriEncode(key, true);
  if (!config.endpoint.empty()) {
    const size_t host = config.endpoint.find("://") + 3;
    const size_t slash = std::min(config.endpoint.find('/', host), config.endpoint.size());
    address.scheme_and_host = config.endpoint.substr(0, slash);
    address.host = config.endpoint.substr(host, slash - host);
    address.path = config.endpoint.substr(slash) + "/" + config.bucket;
    if (!key.empty()) address.path += "/" + encoded_key;
  } else {
    const std::string domain =
        fmt::format("s3.{}.amazonaws.com{}", region, region.starts_with("cn-") ? ".cn" : "");
    // AWS's certificate covers one label: a bucket with dots is addressed by path.
    const bool by_host = config.bucket.find_first_of("._") == std::string::npos;
    address.host = by_host ? config.bucket + "." + domain : domain;
    address.scheme_and_host = "https://" + address.host;
    address.path = (by_host ? "/" : "/" + config.bucket + "/") + encoded_key;
  }
  // What clients leave out of the Host header is left out of the signature.
  const bool https = address.scheme_and_host.starts_with("https:");
  const std::string_view port = https ? ":443" : ":80";
  if (address.host.ends_with(port)) address.host.resize(address.host.size() - port.size());
  return address;
}

/// How long a call that cleans up waits for a server when everything else was given up.
constexpr std::chrono::milliseconds kLastWordsStall{1000};

/// CompleteMultipartUpload and CopyObject answer 200 before they know how it ends.
bool IsErrorIn200(const HttpReply& response) {
  if (!response.head.ok() || response.body.find("<Error>") == std::string::npos) return false;
  pugi::xml_document document;
  return document.load_buffer(response.body.data(), response.body.size()) &&
         document.child("Error");
}

}  // namespace

S3Connection::S3Connection(S3Config config, const Clock& clock, std::stop_token stop)
    : config_(std::move(config)),
      clock_(clock),
      stop_(std::move(stop)),
      http_(config_.http),
      region_(config_.region) {}

std::string S3Connection::Region() const {
  std::lock_guard lock(mutex_);
  return region_;
}

bool S3Connection::LearnRegion(const S3Error& error) {
  if (error.region.empty()) return false;
  if (error.code != "PermanentRedirect" && error.code != "AuthorizationHeaderMalformed" &&
      error.code != "TemporaryRedirect" && error.code != "HTTP 400") {
    return false;
  }
  std::lock_guard lock(mutex_);
  if (error.region == region_) return false;
  Log(LogLevel::kInfo, "s3://{} is in region {}, not {}", config_.bucket, error.region, region_);
  region_ = error.region;
  return true;
}

std::string S3Connection::What(const S3Call& call) const {
  std::string what = fmt::format("{} s3://{}", call.doing, config_.bucket);
  if (!call.key.empty()) what += "/" + call.key;
  if (!config_.endpoint.empty()) what += fmt::format(" at {}", SafeUrl(config_.endpoint));
  return what;
}

HttpCall S3Connection::Sign(const S3Call& call) const {
  const std::string region = Region();
  const Address address = AddressOf(config_, region, call.key);
  HttpCall request{.method = call.method, .headers = call.headers, .body = call.body};
  const std::string query = CanonicalQuery(call.query);
  request.url = address.scheme_and_host + address.path + (query.empty() ? "" : "?" + query);
  request.idempotent = true;
  request.follow_redirects = false;
  request.stall = call.stall;
  request.response_bytes_max = call.response_bytes_max;
  if (config_.credentials.access_key_id.empty()) return request;

  // TLS protects the body from damage; without it, its hash does.
  const bool https = address.scheme_and_host.starts_with("https:");
  const std::string payload =
      https && !call.body.empty() ? "UNSIGNED-PAYLOAD" : Sha256Hex(call.body);
  const std::string date = AmzDate(clock_.WallNow());
  HttpHeaders added = {{"x-amz-content-sha256", payload}, {"x-amz-date", date}};
  if (!config_.credentials.session_token.empty()) {
    added.emplace_back("x-amz-security-token", config_.credentials.session_token);
  }
  SigV4Request to_sign{call.method, address.path, query, added, payload, date};
  to_sign.headers.emplace_back("host", address.host);
  for (const auto& header : call.headers) {
    if (header.first.starts_with("x-amz-")) to_sign.headers.push_back(header);
  }
  request.headers.insert(request.headers.end(), added.begin(), added.end());
  request.headers.emplace_back("Authorization",
                               SigV4Authorization(std::move(to_sign), config_.credentials, region));
  return request;
}

Result<S3Reply> S3Connection::Send(const S3Call& call) {
  Backoff backoff(config_.http.retry);
  bool may_redirect = true;
  S3Reply reply;
  // Ends: Wait() says no after attempts_max attempts, and a redirect happens once.
  for (;;) {
    HttpCall request = Sign(call);
    const bool last_words = call.cleans_up && stop_.stop_requested();
    if (last_words) request.stall = kLastWordsStall;
    HttpAttempt attempt = http_.SendOnce(request, last_words ? std::stop_token() : stop_);
    bool retry = attempt.may_retry;
    if (attempt.status.ok()) {
      reply.response = std::move(attempt.response);
      reply.error.reset();
      if (reply.response.head.ok() && !IsErrorIn200(reply.response)) return reply;
      reply.error = S3Error::Parse(reply.response);
      if (may_redirect && LearnRegion(*reply.error)) {
        may_redirect = false;
        continue;
      }
      retry = retry || reply.error->transient();
    }
    const auto pause = RetryAfter(attempt.status.ok() ? reply.response.head : HttpResponseHead());
    if (!retry || !backoff.Wait(stop_, pause)) {
      if (stop_.stop_requested() && !last_words) return Status::Canceled();
      if (!attempt.status.ok()) return attempt.status.WithContext(What(call));
      return reply;
    }
    Log(LogLevel::kWarn, "{} (trying again, attempt {} of {})",
        attempt.status.ok() ? ToStatus(call, reply).ToString() : attempt.status.ToString(),
        backoff.attempt(), config_.http.retry.attempts_max);
  }
}

Result<std::unique_ptr<HttpReader>> S3Connection::Open(const S3Call& call, int64_t offset) {
  HttpSource source;
  source.make_request = [this, call] { return Result<HttpCall>(Sign(call)); };
  source.explain = [this, call](const HttpCall&, const HttpReply& response) {
    const S3Error error = S3Error::Parse(response);
    LearnRegion(error);
    return error.ToStatus(What(call));
  };
  const std::string region = Region();
  auto reader = HttpReader::Open(http_, source, offset, stop_);
  // The server has named the right region: once more.
  if (!reader.ok() && Region() != region) reader = HttpReader::Open(http_, source, offset, stop_);
  return reader;
}

}  // namespace millrace
