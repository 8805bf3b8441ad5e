#pragma once

#include <string>

#include "base/json.h"

namespace millrace {

/// What `millrace verify` prints for a person, from the streams' verdicts (verify/stream_verdict.h,
/// as JSON): a table, then what is wrong with each stream and what to do about it.
std::string VerifyText(const std::string& connection, const Json& streams);

}  // namespace millrace
