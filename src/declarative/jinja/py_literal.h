#pragma once

#include <optional>
#include <string_view>

#include "declarative/jinja/py_value.h"

namespace millrace {

/// What Python's ast.literal_eval makes of rendered text: numbers, text, bytes, True, False, None,
/// `...`, tuples, lists, dicts, sets. None where Python raises (ValueError, SyntaxError,
/// TypeError), and where the result would be, or hold, a complex number or text with a \N{…}
/// escape: then the text stays as it is. Called for every record: ordinary text is told by its
/// first characters, without any allocation. Linear in the text's size; nested 200 levels at most,
/// as in Python. Any thread.
std::optional<PyValue> ParsePyLiteral(std::string_view text);

}  // namespace millrace
