#include "base/view_reader.h"
#include "declarative/jinja/py_error.h"
#include "declarative/requests/body_parser.h"
#include "formats/text_converter.h"
#include "formats/utf8_text.h"

namespace millrace {

Result<std::string> BodyInUtf8(std::string_view body, const std::string& encoding) {
  if (IsUtf8(encoding)) {
    const auto size = static_cast<int64_t>(body.size());
    const int64_t valid = FirstInvalidUtf8(body.data(), size);
    if (valid == size) return std::string(body);
    return PyError("UnicodeDecodeError",
                   fmt::format("'utf-8' codec can't decode byte in position {}", valid));
  }
  MR_ASSIGN_OR_RETURN(const auto converter,
                      ConvertToUtf8(std::make_unique<ViewReader>(body), encoding));
  std::string text;
  char piece[64 * 1024];
  for (;;) {
    MR_ASSIGN_OR_RETURN(const int64_t got, converter->Read(piece, sizeof piece));
    if (got == 0) return text;
    text.append(piece, static_cast<size_t>(got));
  }
}

}  // namespace millrace
