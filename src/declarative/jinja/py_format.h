#pragma once

#include <string>
#include <string_view>

#include "declarative/jinja/py_function.h"

namespace millrace {

/// format(value, spec): Python's mini-language for text, numbers, bools and times (whose spec is
/// strftime's); others take no spec. ValueError for a spec that doesn't fit the value.
Result<std::string> PyFormatValue(EvaluationBudget& budget, const PyValue& value,
                                  std::string_view spec);

/// str.format and str.format_map as the sandbox has them: attributes and items as in templates.
Result<PyValue> PyTextFormat(EvaluationBudget& budget, const PyArguments& arguments);
Result<PyValue> PyTextFormatMap(EvaluationBudget& budget, const PyArguments& arguments);

/// text.encode(encoding, errors) of UTF-8, ASCII and Latin 1; LookupError for other encodings.
Result<PyValue> PyEncoded(std::string_view text, std::string_view encoding,
                          std::string_view errors);
/// bytes.decode(encoding, errors) of the same.
Result<PyValue> PyDecoded(std::string_view bytes, std::string_view encoding,
                          std::string_view errors);

}  // namespace millrace
