#include "attempt/answer_message.h"

#include <nlohmann/json.hpp>

#include "attempt/error_json.h"
#include "base/error_of.h"

namespace millrace {

Json AnswerTo(const Json& message, const Result<Json>& answer) {
  Json reply{{"answer", message.value("seq", Json(0))}};
  if (answer.ok()) {
    reply["value"] = *answer;
    return reply;
  }
  const Status status = answer.status();
  reply["error"] = ErrorToJson(ErrorOf(status));
  return reply;
}

}  // namespace millrace
