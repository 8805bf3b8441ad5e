#pragma once

#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>
#include <string>

#include "server/http/http_message.h"

namespace millrace {

/// What a server says to a request whose headers have come. A plain value.
struct HeadAnswer {
  int status = 0;  ///< 0: its body may come
  const char* why = "";
};

/// Fills in everything of a request that stands before its body: method, path, parameters, headers.
/// What follows a body (trailer fields) never gets there. Refused: a target that is malformed or
/// not UTF-8, two hosts, a body in another coding than `chunked` or with two lengths, one that is
/// compressed, an expectation other than 100-continue.
HeadAnswer TakeRequestHead(const boost::beast::http::request_header<>& head, HttpRequest* request);

}  // namespace millrace
