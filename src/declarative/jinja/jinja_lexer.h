#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "declarative/jinja/py_value.h"

namespace millrace {

/// A piece of a template. Comments and white space inside of tags are gone; `{% raw %}` is kText.
struct JinjaToken {
  enum class Kind : uint8_t {
    kText,
    kVariableBegin,
    kVariableEnd,
    kBlockBegin,
    kBlockEnd,
    kName,
    kString,
    kInteger,
    kFloat,
    kOperator,
    kEnd,
  };

  Kind kind = Kind::kEnd;
  std::string text;  ///< kText, kName and kString (unescaped): what it says; kOperator: its sign
  PyValue value;     ///< kInteger, kFloat
  int line = 1;

  bool Is(Kind expected, std::string_view said) const { return kind == expected && text == said; }
  bool IsName(std::string_view name) const { return Is(Kind::kName, name); }
  bool IsOperator(std::string_view sign) const { return Is(Kind::kOperator, sign); }
};

/// Cuts a template into tokens, the last of which is kEnd. One newline at the very end is dropped,
/// and every newline becomes "\n". Fails with a TemplateSyntaxError.
Result<std::vector<JinjaToken>> TokenizeJinja(std::string_view source);

/// Whether rendering `source` gives it back (but for newlines): it has no tag of any kind.
bool IsPlainJinja(std::string_view source);

/// The text with "\n" for every newline, and without one at the end.
std::string NormalizedNewlines(std::string_view source);

/// A failure of reading a template, with the line.
Status JinjaSyntaxError(std::string_view what, int line);

}  // namespace millrace
