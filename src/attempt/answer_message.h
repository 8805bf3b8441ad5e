#pragma once

#include "base/json.h"
#include "base/result.h"

namespace millrace {

/// The parent's answer to a message that asked: {"answer": its number, "value": …}, or "error".
Json AnswerTo(const Json& message, const Result<Json>& answer);

}  // namespace millrace
