#include "declarative/jinja/py_format.h"

#include <fmt/format.h>

#include "declarative/jinja/jinja_lookup.h"
#include "declarative/jinja/py_bound_arguments.h"
#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/jinja/py_stream_slice.h"
#include "declarative/jinja/py_text.h"
#include "formats/digit_run.h"

namespace millrace {
namespace {

constexpr int kNestedMax = 2;

/// Where fields find what they name.
struct Fields {
  const PyArguments& arguments;  // the first of them is the format
  const PyValue* mapping = nullptr;
};

bool IsNumber(std::string_view name) {
  return !name.empty() && name.size() < 9 && name.find_first_not_of("0123456789") == name.npos;
}

/// Replaces the fields of one format.
class Formatter {
 public:
  Formatter(EvaluationBudget& budget, Fields fields) : budget_(budget), fields_(fields) {}

  Result<std::string> Format(std::string_view format, int depth) {
    if (depth > kNestedMax) return PyError("ValueError", "Max string recursion exceeded");
    std::string text;
    for (size_t at = 0; at < format.size();) {
      const char c = format[at];
      if ((c == '{' || c == '}') && at + 1 < format.size() && format[at + 1] == c) {
        text.push_back(c);
        at += 2;
      } else if (c == '}') {
        return PyError("ValueError", "Single '}' encountered in format string");
      } else if (c == '{') {
        MR_ASSIGN_OR_RETURN(const std::string_view field, TakeField(format, &at));
        MR_ASSIGN_OR_RETURN(const std::string value, FormatField(field, depth));
        MR_RETURN_IF_ERROR(ChargeText(budget_, value.size()));
        text += value;
      } else {
        text.push_back(c);
        ++at;
      }
    }
    return text;
  }

 private:
  /// What stands between the braces.
  static Result<std::string_view> TakeField(std::string_view format, size_t* at) {
    const size_t start = ++*at;
    int open = 1;
    for (; *at < format.size(); ++*at) {
      if (format[*at] == '{') ++open;
      if (format[*at] == '}' && --open == 0) return format.substr(start, (*at)++ - start);
    }
    return PyError("ValueError", start == format.size() ? "Single '{' encountered in format string"
                                                        : "expected '}' before end of string");
  }

  Result<std::string> FormatField(std::string_view field, int depth) {
    size_t name_end = 0;
    bool bracket = false;
    for (; name_end < field.size(); ++name_end) {
      const char c = field[name_end];
      if (c == '[') bracket = true;
      if (c == ']') bracket = false;
      if (!bracket && (c == ':' || c == '!')) break;
    }
    std::string_view rest = field.substr(name_end);
    char conversion = '\0';
    if (rest.starts_with('!')) {
      if (rest.size() < 2 || (rest.size() > 2 && rest[2] != ':')) {
        return PyError("ValueError", "expected ':' after conversion specifier");
      }
      conversion = rest[1];
      rest.remove_prefix(2);
    }
    if (rest.starts_with(':')) rest.remove_prefix(1);
    MR_ASSIGN_OR_RETURN(PyValue value, Lookup(field.substr(0, name_end)));
    MR_ASSIGN_OR_RETURN(value, Converted(std::move(value), conversion));
    MR_ASSIGN_OR_RETURN(const std::string spec, Format(rest, depth + 1));
    return PyFormatValue(budget_, value, spec);
  }

  static Result<PyValue> Converted(PyValue value, char conversion) {
    if (conversion == '\0') return value;
    if (conversion == 's') return PyValue(PyStr(value));
    if (conversion == 'r') return PyValue(PyRepr(value));
    if (conversion != 'a') {
      return PyError("ValueError", fmt::format("Unknown conversion specifier {}", conversion));
    }
    const std::string repr = PyRepr(value);
    std::string ascii;
    for (size_t at = 0; at < repr.size();) {
      const char32_t code = NextCodePoint(repr, &at);
      const auto number = static_cast<uint32_t>(code);
      if (number < 0x80) {
        ascii.push_back(static_cast<char>(number));
      } else {
        ascii += number < 0x100     ? fmt::format("\\x{:02x}", number)
                 : number < 0x10000 ? fmt::format("\\u{:04x}", number)
                                    : fmt::format("\\U{:08x}", number);
      }
    }
    return PyValue(std::move(ascii));
  }

  Result<PyValue> Lookup(std::string_view name) {
    const size_t first_end = std::min(name.find_first_of(".["), name.size());
    MR_ASSIGN_OR_RETURN(PyValue value, First(name.substr(0, first_end)));
    std::string_view rest = name.substr(first_end);
    while (!rest.empty()) {
      if (rest[0] == '.') {
        const size_t end = std::min(rest.find_first_of(".[", 1), rest.size());
        if (end == 1) return PyError("ValueError", "Empty attribute in format string");
        MR_ASSIGN_OR_RETURN(value, JinjaAttribute(value, rest.substr(1, end - 1)));
        rest.remove_prefix(end);
        continue;
      }
      const size_t end = rest.find(']');
      if (rest[0] != '[' || end == rest.npos || end == 1) {
        return PyError("ValueError", "Only '.' or '[' may follow ']' in format field specifier");
      }
      const std::string_view key = rest.substr(1, end - 1);
      MR_ASSIGN_OR_RETURN(value,
                          JinjaItem(value, IsNumber(key) ? PyIntFromText(key) : PyValue(key)));
      rest.remove_prefix(end + 1);
    }
    return value;
  }

  Result<PyValue> First(std::string_view name) {
    const bool automatic = name.empty();
    if (automatic || IsNumber(name)) {
      if (fields_.mapping != nullptr) {
        return PyError("ValueError", "Format string contains positional fields");
      }
      if (numbering_ != '\0' && (numbering_ == 'a') != automatic) {
        return PyError("ValueError", "cannot switch between automatic and manual field numbering");
      }
      numbering_ = automatic ? 'a' : 'm';
      const size_t index = automatic ? next_++ : std::stoul(std::string(name));
      if (index + 1 < fields_.arguments.positional.size()) {
        return fields_.arguments.positional[index + 1];
      }
      return PyError(
          "IndexError",
          fmt::format("Replacement index {} out of range for positional args tuple", index));
    }
    if (fields_.mapping != nullptr) return PySubscript(*fields_.mapping, PyValue(name));
    for (const auto& [given, value] : fields_.arguments.named) {
      if (given == name) return value;
    }
    return PyError("KeyError", fmt::format("'{}'", name));
  }

  EvaluationBudget& budget_;
  const Fields fields_;
  char numbering_ = '\0';
  size_t next_ = 0;
};

enum class Codec { kNone, kUtf8, kAscii, kLatin1 };

Codec CodecOf(std::string_view name) {
  std::string plain;
  for (const char c : name) {
    plain.push_back(c == '_' || c == ' '   ? '-'
                    : c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20)
                                           : c);
  }
  static constexpr std::pair<std::string_view, Codec> kCodecs[] = {
      {"utf-8", Codec::kUtf8},        {"utf8", Codec::kUtf8},      {"u8", Codec::kUtf8},
      {"ascii", Codec::kAscii},       {"us-ascii", Codec::kAscii}, {"latin-1", Codec::kLatin1},
      {"iso-8859-1", Codec::kLatin1}, {"latin1", Codec::kLatin1},  {"l1", Codec::kLatin1}};
  for (const auto& [known, codec] : kCodecs) {
    if (known == plain) return codec;
  }
  return Codec::kNone;
}

Status UnknownEncoding(std::string_view name) {
  return PyError("LookupError", fmt::format("unknown encoding: {}", name));
}

bool IsSurrogate(char32_t code) { return code >= 0xD800 && code < 0xE000; }

}  // namespace

Result<PyValue> PyTextFormat(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(
      std::string text,
      Formatter(budget, {arguments}).Format(arguments.positional[0].str(), /*depth=*/0));
  return PyValue(std::move(text));
}

Result<PyValue> PyTextFormatMap(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("format_map", arguments, {"", ""}, 2));
  MR_ASSIGN_OR_RETURN(
      std::string text,
      Formatter(budget, {arguments, &args.At(1)}).Format(args.At(0).str(), /*depth=*/0));
  return PyValue(std::move(text));
}

Result<PyValue> PyEncoded(std::string_view text, std::string_view encoding,
                          std::string_view errors) {
  const Codec codec = CodecOf(encoding);
  if (codec == Codec::kNone) return UnknownEncoding(encoding);
  const char32_t end = codec == Codec::kAscii ? 0x80 : codec == Codec::kLatin1 ? 0x100 : 0x110000;
  std::string bytes;
  for (size_t at = 0; at < text.size();) {
    const size_t start = at;
    const char32_t code = NextCodePoint(text, &at);
    if (code < end && !IsSurrogate(code)) {
      if (codec == Codec::kUtf8) {
        bytes += text.substr(start, at - start);
      } else {
        bytes.push_back(static_cast<char>(code));
      }
    } else if (errors == "replace") {
      bytes.push_back('?');
    } else if (errors != "ignore") {
      return PyError("UnicodeEncodeError",
                     fmt::format("'{}' codec can't encode a character", encoding));
    }
  }
  return PyValue::Bytes(std::move(bytes));
}

Result<PyValue> PyDecoded(std::string_view bytes, std::string_view encoding,
                          std::string_view errors) {
  const Codec codec = CodecOf(encoding);
  if (codec == Codec::kNone) return UnknownEncoding(encoding);
  std::string text;
  for (size_t at = 0; at < bytes.size();) {
    const size_t start = at;
    const auto byte = static_cast<unsigned char>(bytes[at]);
    char32_t code = byte;
    if (codec == Codec::kUtf8) {
      code = NextCodePoint(bytes, &at);
    } else {
      ++at;
    }
    const bool broken = codec == Codec::kUtf8
                            ? byte >= 0x80 && (at - start == 1 || IsSurrogate(code))
                            : codec == Codec::kAscii && byte >= 0x80;
    if (!broken) {
      AppendCodePoint(code, &text);
    } else if (errors == "replace") {
      text += "\uFFFD";
    } else if (errors != "ignore") {
      return PyError("UnicodeDecodeError",
                     fmt::format("'{}' codec can't decode byte {}", encoding, start));
    }
  }
  return PyValue(std::move(text));
}

}  // namespace millrace
