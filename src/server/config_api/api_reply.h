#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/status.h"
#include "protocol/json_field.h"

namespace millrace {

/// What a handler of the config API answers: a document, or an error in that API's form.
struct ApiReply {
  int status = 200;
  JsonValue body;
  bool has_body = true;
};

/// Handles one call; `body` is the request's document, {} when there was none. From several threads
/// at once.
using ConfigCall = std::function<ApiReply(const Json& body)>;

/// 204.
ApiReply NoContent();
/// 404: no `what` ("source") has that id.
ApiReply NotFound(std::string_view what, const std::string& id);
/// 422: `field` of the request is missing or wrong.
ApiReply Unprocessable(std::string_view field, const std::string& message);
/// 409.
ApiReply Conflict(const std::string& message);
/// A failure of ours: config errors are 422, transient ones 503, others 500 (logged; the reply
/// doesn't tell what is inside).
ApiReply Failure(const Status& status);

}  // namespace millrace
