#pragma once

#include <memory>
#include <optional>
#include <span>

#include "server/http/http_message.h"

namespace millrace {

/// Makes requests of the bytes of one connection, in order; does no input itself. Not thread-safe.
///
///   state = Next(); while (state == kMore) state = Take(read into Room()); … Release()
///
/// What came after a request's end is kept for the next one. Holds as much as the limits allow,
/// and nearly nothing between requests.
class RequestParser {
 public:
  enum class State { kMore, kWhole, kRefused };

  RequestParser(size_t header_bytes_max, size_t body_bytes_max);
  ~RequestParser();

  /// Begins a request, with what came behind the one before.
  State Next();
  /// Where the next bytes are put: small at first, larger for whoever fills it. Valid until Take.
  std::span<char> Room();
  /// `size` bytes were put there. Requires kMore.
  State Take(size_t size);

  /// What is known of the request: also of one that was refused.
  bool IsHead() const;
  /// How much of its body is held.
  size_t body_bytes() const;
  /// The request but for its body. Requires body_bytes() > 0.
  const HttpRequest& head() const;
  /// Its peer waits to be told that the body may come (100-continue). True once a request.
  bool TakeExpectation();
  /// What to answer after kRefused; the bytes that follow are no request's beginning.
  HttpResponse refusal() const;
  /// Requires kWhole.
  bool KeepsAlive() const;
  /// The request, but for what isn't in its bytes. Requires kWhole, once.
  HttpRequest Release();
  /// Lets go of what it holds: nothing more is asked of it.
  void Forget();

 private:
  struct Message;
  State Parse();
  State TakeHead();
  State Refuse(int status, const char* why);

  std::unique_ptr<Message> message_;
};

}  // namespace millrace
