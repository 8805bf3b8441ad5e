#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/status.h"
#include "declarative/jinja/py_value.h"

namespace millrace {

/// As which of the CDK's parsers JSON text is read. None takes a byte order mark, text that isn't
/// UTF-8, or unescaped control characters; of repeated keys the last value counts.
enum class PyJsonDialect : uint8_t {
  /// orjson: RFC 8259. Integers beyond 64 bits (signed or not) become floats; numbers beyond a
  /// double and surrogates that stand alone are errors.
  kOrjson,
  /// json.loads: integers of up to 4,300 digits, NaN, Infinity, 1e400 (which is infinite),
  /// surrogates
  /// that stand alone.
  kPython,
  /// The body of an API's response: orjson, and json.loads where that refuses.
  kResponse,
};

/// Values nested deeper are an error.
inline constexpr int kOrjsonDepthMax = 1024;
inline constexpr int kPythonJsonDepthMax = 990;

/// JSON text as values. The failure is a "JSONDecodeError: …" (a ValueError to Python) with the
/// place in bytes. Linear in the text's size. Copies the text once; the second form doesn't where
/// `text` has room for 16 more bytes.
Result<PyValue> ParsePyJson(std::string_view text,
                            PyJsonDialect dialect = PyJsonDialect::kResponse);
Result<PyValue> ParsePyJson(std::string&& text, PyJsonDialect dialect = PyJsonDialect::kResponse);
inline Result<PyValue> ParsePyJson(const char* text,
                                   PyJsonDialect dialect = PyJsonDialect::kResponse) {
  return ParsePyJson(std::string_view(text), dialect);
}

/// How json.dumps is called.
struct PyJsonStyle {
  bool spaces = true;  ///< ", " and ": "; else "," and ":"
  bool ascii = true;   ///< anything beyond ASCII as \u escapes
  bool sort_keys = false;
  int indent = -1;  ///< spaces a level; below 0: all on one line
};
inline constexpr PyJsonStyle kCompactPyJson = {.spaces = false};

/// Appends what json.dumps(value) gives. A TypeError, and then nothing was appended: what it can't
/// print (bytes, sets, times, keys that are tuples).
Status AppendPyJson(const PyValue& value, const PyJsonStyle& style, std::string* text);

/// Appends what orjson.dumps(value) gives: compact, UTF-8, NaN and infinities as null, times in ISO
/// 8601. A TypeError, and then nothing was appended, for what it refuses though json.dumps may not:
/// integers beyond 64 bits, keys that are no text, surrogates that stand alone, 255 levels.
Status AppendOrjson(const PyValue& value, std::string* text);

// Pieces, for those who print an object's members themselves.

enum class PyJsonText : uint8_t { kUtf8, kAscii };
/// Appends text with its quotes. False, and then the text is unfinished: kUtf8 and a surrogate
/// stands alone.
bool AppendJsonText(std::string_view value, PyJsonText form, std::string* text);

}  // namespace millrace
