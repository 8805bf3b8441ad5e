#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "declarative/jinja/py_value.h"

namespace millrace {

// The keywords of a JSON Schema that look at a value alone, without schemas of their own.

/// What a value misses of one such keyword, in jsonschema's words; empty: nothing, or the keyword
/// is none of these or says nothing about values of that kind.
Result<std::string> MissedKeyword(std::string_view keyword, const PyValue& argument,
                                  const PyValue& value);

/// Python's == in a JSON Schema: true is not 1.
bool SameJson(const PyValue& a, const PyValue& b);

/// Whether a part of `text` matches. A pattern that doesn't compile, or takes too many steps, is an
/// error.
Result<bool> PatternFound(const std::string& pattern, const std::string& text);

}  // namespace millrace
