#pragma once

#include <string>

#include "base/error.h"
#include "base/json.h"

namespace millrace {

/// What a connector says, as part of a message for a person: secrets struck out, on one line, at
/// most 2,000 bytes.
std::string WordsOf(const std::string& said);

/// The `error` of a TRACE message as an Error, secrets struck out. What it doesn't say is a system
/// error without words; its internal message and stack trace are for the log, and cut to 16 KB.
Error ErrorOfTrace(const Json& fields);

}  // namespace millrace
