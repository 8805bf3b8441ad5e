#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <iterator>

#include <fmt/compile.h>
#include <fmt/format.h>

#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_json.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/jinja/py_text.h"

namespace millrace {
namespace {

using Kind = PyValue::Kind;

constexpr int kOrjsonNestingMax = 254;

void AppendUnicodeEscape(uint32_t unit, std::string* text) {
  fmt::format_to(std::back_inserter(*text), FMT_COMPILE("\\u{:04x}"), unit);
}

void AppendEscaped(unsigned char character, std::string* text) {
  constexpr std::string_view kCharacters = "\"\\\b\f\n\r\t", kNames = "\"\\bfnrt";
  if (const size_t at = kCharacters.find(static_cast<char>(character)); at != kNames.npos) {
    *text += '\\';
    *text += kNames[at];
  } else {
    AppendUnicodeEscape(character, text);
  }
}

/// What a byte needs: nothing, an escape of its own, or a look at its character.
enum class ByteClass : uint8_t { kPlain, kEscaped, kBeyondAscii };
constexpr std::array<ByteClass, 256> kByteClasses = [] {
  std::array<ByteClass, 256> classes{};
  for (size_t at = 0; at < 0x20; ++at) classes[at] = ByteClass::kEscaped;
  classes['"'] = classes['\\'] = ByteClass::kEscaped;
  for (size_t at = 0x7F; at < 256; ++at) classes[at] = ByteClass::kBeyondAscii;
  return classes;
}();

bool IsSurrogate(char32_t code) { return code >= 0xD800 && code < 0xE000; }

void AppendAsciiCharacter(char32_t code, std::string* text) {
  if (code < 0x10000) return AppendUnicodeEscape(code, text);
  AppendUnicodeEscape(0xD800 + ((code - 0x10000) >> 10), text);
  AppendUnicodeEscape(0xDC00 + ((code - 0x10000) & 0x3FF), text);
}

/// orjson's floats: without an exponent from 1e-5 to below 1e16, no padding of exponents.
void AppendOrjsonFloat(double value, std::string* text) {
  if (!std::isfinite(value)) {
    *text += "null";
    return;
  }
  char digits[64];
  const double size = std::abs(value);
  if (size == 0 || (size >= 1e-5 && size < 1e16)) {
    char* const end = std::to_chars(digits, std::end(digits), value, std::chars_format::fixed).ptr;
    text->append(digits, static_cast<size_t>(end - digits));
    if (std::memchr(digits, '.', static_cast<size_t>(end - digits)) == nullptr) *text += ".0";
    return;
  }
  char* const end =
      std::to_chars(digits, std::end(digits), value, std::chars_format::scientific).ptr;
  char* mark = std::find(digits, end, 'e');
  mark += 2;  // behind the exponent's sign
  text->append(digits, static_cast<size_t>(mark - digits));
  if (*mark == '0') ++mark;
  text->append(mark, static_cast<size_t>(end - mark));
}

Status NotSerializable(const PyValue& value) {
  return PyError("TypeError",
                 fmt::format("Object of type {} is not JSON serializable", PyTypeName(value)));
}

bool FitsUnsigned(const PyValue& big) {
  const std::string digits = PyStr(big);
  uint64_t value = 0;
  return std::from_chars(digits.data(), digits.data() + digits.size(), value).ec == std::errc();
}

/// Prints one value, in either of the two ways.
class JsonPrinter {
 public:
  /// `style` null: as orjson.
  JsonPrinter(const PyJsonStyle* style, std::string* text) : style_(style), text_(*text) {
    const bool spaces = style != nullptr && style->spaces;
    colon_ = spaces ? ": " : ":";
    comma_ = spaces && style->indent < 0 ? ", " : ",";
  }

  Status Print(const PyValue& value) {
    switch (value.kind()) {
      case Kind::kNone:
        text_ += "null";
        return Status::Ok();
      case Kind::kBool:
        text_ += value.as_bool() ? "true" : "false";
        return Status::Ok();
      case Kind::kInt:
        fmt::format_to(std::back_inserter(text_), FMT_COMPILE("{}"), value.as_int());
        return Status::Ok();
      case Kind::kFloat:
        PrintFloat(value.as_float());
        return Status::Ok();
      case Kind::kBigInt:
        if (style_ == nullptr && !FitsUnsigned(value)) {
          return PyError("TypeError", "Integer exceeds 64-bit range");
        }
        AppendPyStr(value, &text_);
        return Status::Ok();
      case Kind::kStr:
        return PrintText(value.str());
      case Kind::kList:
      case Kind::kTuple:
        return PrintItems(value.items());
      case Kind::kDict:
        return PrintMembers(value.dict());
      case Kind::kDateTime:
      case Kind::kDate:
        return PrintTime(value);
      default:
        return NotSerializable(value);
    }
  }

 private:
  void PrintFloat(double value) {
    if (style_ == nullptr) return AppendOrjsonFloat(value, &text_);
    if (std::isfinite(value)) return AppendFloatRepr(value, &text_);
    text_ += std::isnan(value) ? "NaN" : value < 0 ? "-Infinity" : "Infinity";
  }

  Status PrintText(std::string_view value) {
    const bool ascii = style_ != nullptr && style_->ascii;
    if (AppendJsonText(value, ascii ? PyJsonText::kAscii : PyJsonText::kUtf8, &text_)) {
      return Status::Ok();
    }
    if (style_ != nullptr) {  // Python prints the surrogate
      text_ += '"';
      return Status::Ok();
    }
    return PyError("TypeError", "str is not valid UTF-8: surrogates not allowed");
  }

  Status PrintTime(const PyValue& value) {
    if (style_ != nullptr) return NotSerializable(value);
    std::string iso = PyStr(value);
    if (value.kind() == Kind::kDateTime && iso.size() > 10) iso[10] = 'T';
    text_ += '"' + iso + '"';
    return Status::Ok();
  }

  /// What stands between an opening bracket, or a comma, and what follows.
  void StartLine() {
    if (style_ == nullptr || style_->indent < 0) return;
    text_ += '\n';
    text_.append(static_cast<size_t>(style_->indent) * static_cast<size_t>(depth_), ' ');
  }

  Status Enter(char bracket) {
    if (style_ == nullptr && depth_ == kOrjsonNestingMax) {
      return PyError("TypeError", "Recursion limit reached");
    }
    if (depth_ == kPythonJsonDepthMax) {
      return PyError("RecursionError", "maximum recursion depth exceeded");
    }
    ++depth_;
    text_ += bracket;
    return Status::Ok();
  }

  void Leave(char bracket, bool empty) {
    --depth_;
    if (!empty) StartLine();
    text_ += bracket;
  }

  Status PrintItems(const PyList& items) {
    MR_RETURN_IF_ERROR(Enter('['));
    bool first = true;
    for (const PyValue& item : items) {
      if (!first) text_ += comma_;
      first = false;
      StartLine();
      MR_RETURN_IF_ERROR(Print(item));
    }
    Leave(']', items.empty());
    return Status::Ok();
  }

  Status PrintMembers(const PyDict& dict) {
    MR_RETURN_IF_ERROR(Enter('{'));
    if (style_ != nullptr && style_->sort_keys) {
      MR_RETURN_IF_ERROR(PrintSorted(dict));
    } else {
      bool first = true;
      for (const auto& [key, value] : dict) {
        MR_RETURN_IF_ERROR(PrintMember(key, value, first));
        first = false;
      }
    }
    Leave('}', dict.empty());
    return Status::Ok();
  }

  Status PrintSorted(const PyDict& dict) {
    std::vector<const PyDict::Entry*> members;
    for (const PyDict::Entry& member : dict) members.push_back(&member);
    Status failure = Status::Ok();
    std::stable_sort(members.begin(), members.end(), [&](const auto* a, const auto* b) {
      const Result<bool> less = PyLess(a->first, b->first);
      if (!less.ok()) failure = less.status();
      return less.ok() && *less;
    });
    MR_RETURN_IF_ERROR(failure);
    for (const PyDict::Entry* member : members) {
      MR_RETURN_IF_ERROR(PrintMember(member->first, member->second, member == members.front()));
    }
    return Status::Ok();
  }

  Status PrintMember(const PyValue& key, const PyValue& value, bool first) {
    if (!first) text_ += comma_;
    StartLine();
    if (key.is_str()) {
      MR_RETURN_IF_ERROR(PrintText(key.str()));
    } else if (style_ == nullptr) {
      return PyError("TypeError", "Dict key must be str");
    } else if (key.is_none() || PyIsNumber(key)) {
      text_ += '"';
      MR_RETURN_IF_ERROR(Print(key));
      text_ += '"';
    } else {
      return PyError("TypeError", fmt::format("keys must be str, int, float, bool or None, not {}",
                                              PyTypeName(key)));
    }
    text_ += colon_;
    return Print(value);
  }

  const PyJsonStyle* const style_;
  std::string& text_;
  std::string_view colon_, comma_;
  int depth_ = 0;
};

/// Appends all of it or nothing.
Status Append(const PyValue& value, const PyJsonStyle* style, std::string* text) {
  const size_t size = text->size();
  Status status = JsonPrinter(style, text).Print(value);
  if (!status.ok()) text->resize(size);
  return status;
}

}  // namespace

bool AppendJsonText(std::string_view value, PyJsonText form, std::string* text) {
  *text += '"';
  bool whole = true;
  size_t plain = 0;  // what has to be copied begins here
  for (size_t at = 0; at < value.size();) {
    const auto byte = static_cast<unsigned char>(value[at]);
    const ByteClass kind = kByteClasses[byte];
    if (kind == ByteClass::kPlain) {
      ++at;
      continue;
    }
    if (kind == ByteClass::kBeyondAscii) {
      size_t next = at;
      const char32_t code = NextCodePoint(value, &next);
      if (form == PyJsonText::kUtf8) {
        whole = whole && !IsSurrogate(code);
        at = next;
        continue;
      }
      text->append(value, plain, at - plain);
      AppendAsciiCharacter(code, text);
      at = plain = next;
      continue;
    }
    text->append(value, plain, at - plain);
    AppendEscaped(byte, text);
    plain = ++at;
  }
  text->append(value, plain);
  if (whole) *text += '"';
  return whole;
}

Status AppendPyJson(const PyValue& value, const PyJsonStyle& style, std::string* text) {
  return Append(value, &style, text);
}

Status AppendOrjson(const PyValue& value, std::string* text) {
  return Append(value, nullptr, text);
}

}  // namespace millrace
