#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/json.h"
#include "base/status.h"
#include "protocol/json_field.h"

namespace millrace {

/// What a handler of the config API answers: a document, or an error in that API's form.
struct ApiReply {
  int status = 200;
  JsonValue body;
  bool has_body = true;
  /// Instead of `body`, the document's text: of a list too long to be held as a document.
  std::string text;
};

/// Who makes a call: a person, or an application of that person's. A plain value.
struct Caller {
  std::string person_id;  ///< empty: nobody who signed in
};

/// Handles one call; `body` is the request's document, {} when there was none. From several threads
/// at once. Made of a function of the body alone where it doesn't matter who calls.
class ConfigCall {
 public:
  template <typename Function>
  ConfigCall(Function function) {  // NOLINT: a function is one
    if constexpr (std::is_invocable_v<Function, const Json&, const Caller&>) {
      call_ = std::move(function);
    } else {
      call_ = [function = std::move(function)](const Json& body, const Caller&) {
        return function(body);
      };
    }
  }

  ApiReply operator()(const Json& body, const Caller& caller) const { return call_(body, caller); }

 private:
  std::function<ApiReply(const Json& body, const Caller& caller)> call_;
};

/// 204.
ApiReply NoContent();
/// 404: no `what` ("source") has that id; 422 when the id is empty: its field is missing.
ApiReply NotFound(std::string_view what, const std::string& id);
/// 422: `field` of the request is missing or wrong.
ApiReply Unprocessable(std::string_view field, const std::string& message);
/// 409.
ApiReply Conflict(const std::string& message);
/// A failure of ours: config errors are 422, transient ones 503, others 500 (logged; the reply
/// doesn't tell what is inside).
ApiReply Failure(const Status& status);
/// The same of what a connector said, whose words name no field of the request.
ApiReply ConnectorFailure(const Status& status);

}  // namespace millrace
