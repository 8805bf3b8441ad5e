#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"
#include "declarative/jinja/py_value.h"
#include "declarative/records/declarative_record.h"

namespace millrace {

/// Appends a value of a record as compact JSON for a column, as orjson prints it; integers beyond
/// 64 bits keep their digits. What JSON can't hold (bytes, sets) becomes null.
void AppendRecordJson(const PyValue& value, std::string* text);

/// Appends the text that a dict's key has in JSON: as it is, "null", "true", "1.5".
void AppendKeyText(const PyValue& key, std::string* text);

/// Appends a RECORD message as a line, as the CDK's entry point prints it: members of the record
/// that are null are left out, nested ones stay. A message with an integer beyond 64 bits, or a
/// dict whose keys are no text, is printed in Python's own JSON dialect (spaces, NaN, ASCII only).
/// A system error, and then nothing was appended: a value that JSON can't hold.
Status AppendRecordLine(std::string_view stream, const DeclarativeRecord& record,
                        int64_t emitted_at_ms, std::string* text);

}  // namespace millrace
