#include <algorithm>
#include <charconv>
#include <cmath>

#include "declarative/jinja/py_big_int.h"
#include "declarative/jinja/py_opaque.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/jinja/py_stream_slice.h"
#include "declarative/jinja/py_temporal.h"
#include "declarative/jinja/py_text.h"

namespace millrace {
namespace {

using Kind = PyValue::Kind;

void AppendEscape(char32_t code, std::string* text) {
  static constexpr char kHex[] = "0123456789abcdef";
  const int digits = code < 0x100 ? 2 : code < 0x10000 ? 4 : 8;
  text->append(digits == 2 ? "\\x" : digits == 4 ? "\\u" : "\\U");
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4)
    text->push_back(kHex[code >> shift & 15]);
}

/// The escape of a character that has a short one; null for others.
const char* ShortEscape(char32_t code) {
  switch (code) {
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    case '\\':
      return "\\\\";
    default:
      return nullptr;
  }
}

char QuoteOf(std::string_view text) {
  return text.find('\'') != text.npos && text.find('"') == text.npos ? '"' : '\'';
}

void AppendBytesRepr(std::string_view bytes, std::string* text) {
  const char quote = QuoteOf(bytes);
  text->push_back('b');
  text->push_back(quote);
  for (const char byte : bytes) {
    const auto code = static_cast<unsigned char>(byte);
    if (const char* escape = ShortEscape(code)) {
      text->append(escape);
    } else if (byte == quote) {
      text->push_back('\\');
      text->push_back(byte);
    } else if (code < 0x20 || code >= 0x7F) {
      AppendEscape(code, text);
    } else {
      text->push_back(byte);
    }
  }
  text->push_back(quote);
}

/// Writes values, knowing which containers it is inside of.
class ReprWriter {
 public:
  explicit ReprWriter(std::string* text) : text_(*text) {}

  void Write(const PyValue& value) {
    switch (value.kind()) {
      case Kind::kNone:
        text_ += "None";
        break;
      case Kind::kBool:
        text_ += value.as_bool() ? "True" : "False";
        break;
      case Kind::kInt: {
        char digits[24];
        text_.append(digits, std::to_chars(digits, std::end(digits), value.as_int()).ptr);
        break;
      }
      case Kind::kFloat:
        AppendFloatRepr(value.as_float(), &text_);
        break;
      case Kind::kEllipsis:
        text_ += "Ellipsis";
        break;
      case Kind::kUndefined:
        text_ += "Undefined";
        break;
      case Kind::kBigInt:
        text_ += IntegerText(value);
        break;
      case Kind::kStr:
        if (value.is_markup()) text_ += "Markup(";
        AppendTextRepr(value.str(), &text_);
        if (value.is_markup()) text_ += ")";
        break;
      case Kind::kBytes:
        AppendBytesRepr(value.str(), &text_);
        break;
      case Kind::kObject:
        text_ += OpaqueOf(value).Repr();
        break;
      case Kind::kDateTime:
      case Kind::kDate:
      case Kind::kTimeDelta:
      case Kind::kDuration:
        text_ += TemporalRepr(value);
        break;
      default:
        WriteContainer(value);
    }
  }

 private:
  void WriteContainer(const PyValue& value) {
    const bool inside = static_cast<int>(around_.size()) >= kPyDepthMax ||
                        std::find(around_.begin(), around_.end(), value.object()) != around_.end();
    if (value.kind() == Kind::kSet && value.items().empty()) {
      text_ += "set()";
      return;
    }
    const std::string_view brackets = value.is_list() ? "[]" : value.is_tuple() ? "()" : "{}";
    text_ += brackets[0];
    around_.push_back(value.object());
    if (inside) {
      text_ += "...";
    } else if (const PyDict* dict = MappingOf(value)) {
      WriteEntries(*dict);
    } else {
      WriteItems(value.items());
      if (value.is_tuple() && value.items().size() == 1) text_ += ',';
    }
    around_.pop_back();
    text_ += brackets[1];
  }

  void WriteItems(const PyList& items) {
    for (size_t i = 0; i < items.size(); ++i) {
      if (i > 0) text_ += ", ";
      Write(items[i]);
    }
  }

  void WriteEntries(const PyDict& dict) {
    bool first = true;
    for (const auto& [key, value] : dict) {
      if (!first) text_ += ", ";
      first = false;
      Write(key);
      text_ += ": ";
      Write(value);
    }
  }

  std::string& text_;
  std::vector<const PyObject*> around_;
};

}  // namespace

void AppendFloatRepr(double value, std::string* text) {
  if (!std::isfinite(value)) {
    text->append(std::isnan(value) ? "nan" : value < 0 ? "-inf" : "inf");
    return;
  }
  char shortest[40];
  const char* end =
      std::to_chars(shortest, std::end(shortest), value, std::chars_format::scientific).ptr;
  // [-]d[.ddd]e±xx: the digits and the exponent, laid out as Python does.
  const std::string_view written(shortest, end - shortest);
  const size_t e = written.find('e');
  int exponent = 0;
  std::from_chars(written.data() + e + (written[e + 1] == '+' ? 2 : 1), end, exponent);
  std::string digits;
  for (const char c : written.substr(0, e)) {
    if (c == '-') {
      text->push_back('-');
    } else if (c != '.') {
      digits.push_back(c);
    }
  }
  if (exponent < -4 || exponent >= 16) {
    text->push_back(digits[0]);
    if (digits.size() > 1) text->append(".").append(digits, 1);
    text->append(exponent < 0 ? "e-" : "e+");
    const std::string shown = std::to_string(std::abs(exponent));
    text->append(shown.size() < 2 ? "0" : "").append(shown);
  } else if (exponent < 0) {
    text->append("0.").append(-exponent - 1, '0').append(digits);
  } else {
    const auto whole = static_cast<size_t>(exponent) + 1;
    if (digits.size() < whole) digits.append(whole - digits.size(), '0');
    text->append(digits, 0, whole).append(".");
    text->append(digits.size() > whole ? digits.substr(whole) : "0");
  }
}

void AppendTextRepr(std::string_view value, std::string* text) {
  const char quote = QuoteOf(value);
  text->push_back(quote);
  for (size_t at = 0; at < value.size();) {
    const size_t start = at;
    const char32_t code = NextCodePoint(value, &at);
    if (const char* escape = ShortEscape(code)) {
      text->append(escape);
    } else if (code == static_cast<char32_t>(quote)) {
      text->push_back('\\');
      text->push_back(quote);
    } else if (IsPrintable(code)) {
      text->append(value.substr(start, at - start));
    } else {
      AppendEscape(code, text);
    }
  }
  text->push_back(quote);
}

void AppendHtmlEscaped(std::string_view value, std::string* text) {
  static constexpr std::pair<char, std::string_view> kEscapes[] = {
      {'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'\'', "&#39;"}, {'"', "&#34;"}};
  for (const char c : value) {
    const auto* escape = std::find_if(std::begin(kEscapes), std::end(kEscapes),
                                      [c](const auto& known) { return known.first == c; });
    if (escape == std::end(kEscapes)) {
      text->push_back(c);
    } else {
      text->append(escape->second);
    }
  }
}

void AppendPyRepr(const PyValue& value, std::string* text) { ReprWriter(text).Write(value); }

void AppendPyStr(const PyValue& value, std::string* text) {
  if (value.is_str()) {
    text->append(value.str());
  } else if (IsTemporal(value)) {
    text->append(TemporalStr(value));
  } else if (!value.is_undefined()) {
    AppendPyRepr(value, text);
  }
}

std::string PyRepr(const PyValue& value) {
  std::string text;
  AppendPyRepr(value, &text);
  return text;
}

std::string PyStr(const PyValue& value) {
  std::string text;
  AppendPyStr(value, &text);
  return text;
}

}  // namespace millrace
