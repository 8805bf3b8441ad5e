#pragma once

#include <string>

#include "declarative/requests/api_response.h"
#include "declarative/requests/api_transport.h"

namespace millrace {

/// What a request was sent for.
struct ExchangePurpose {
  std::string stream;       ///< whose records it reads; empty: nobody's
  std::string title;        ///< some words
  std::string description;  ///< a sentence
  /// HTTP, AUTH, PARENT_STREAM, ASYNC_CREATE, ASYNC_POLL, ASYNC_ABORT or ASYNC_DELETE.
  std::string type = "HTTP";
  bool auxiliary = false;  ///< its reply holds no record of the stream that is read
};

/// Sees every request that was answered, whatever the status: what a connector builder shows.
/// Called by the thread that sent it. Nothing is struck out of what it sees.
class ExchangeWatch {
 public:
  virtual ~ExchangeWatch() = default;
  virtual void Exchanged(const ExchangePurpose& purpose, const ApiRequest& request,
                         const ApiResponse& response) = 0;
};

}  // namespace millrace
