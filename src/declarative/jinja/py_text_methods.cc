#include <fmt/format.h>

#include <algorithm>

#include "declarative/jinja/py_bound_arguments.h"
#include "declarative/jinja/py_case.h"
#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_format.h"
#include "declarative/jinja/py_function_table.h"
#include "declarative/jinja/py_number_text.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/jinja/py_regex.h"
#include "declarative/jinja/py_text.h"

namespace millrace {
namespace {

/// Methods without arguments.
Result<std::string_view> Receiver(std::string_view method, const PyArguments& arguments) {
  MR_RETURN_IF_ERROR(PyBoundArguments::Bind(method, arguments, {""}, 1).status());
  return std::string_view(arguments.positional[0].str());
}

template <std::string (*Map)(std::string_view)>
Result<PyValue> Mapped(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const std::string_view text, Receiver("str method", arguments));
  MR_RETURN_IF_ERROR(ChargeText(budget, text.size()));
  return PyValue(Map(text));
}

enum class Side { kLeft, kRight, kBoth };

bool Holds(std::string_view characters, std::string_view character) {
  return characters.find(character) != characters.npos;
}

/// Where the last character of the text begins.
size_t LastCharacter(std::string_view text) {
  size_t start = text.size() - 1;
  while (start > 0 && (static_cast<unsigned char>(text[start]) & 0xC0) == 0x80) --start;
  return start;
}

std::string_view Stripped(std::string_view text, Side side, const std::string_view* characters) {
  const auto strips = [characters](std::string_view character) {
    size_t at = 0;
    return characters != nullptr ? Holds(*characters, character)
                                 : IsPySpace(NextCodePoint(character, &at));
  };
  while (side != Side::kRight && !text.empty()) {
    size_t end = 0;
    NextCodePoint(text, &end);
    if (!strips(text.substr(0, end))) break;
    text.remove_prefix(end);
  }
  while (side != Side::kLeft && !text.empty()) {
    const size_t start = LastCharacter(text);
    if (!strips(text.substr(start))) break;
    text.remove_suffix(text.size() - start);
  }
  return text;
}

template <Side side>
Result<PyValue> Strip(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("strip", arguments, {"", ""}, 1));
  const std::string_view text = args.At(0).str();
  MR_RETURN_IF_ERROR(ChargeText(budget, text.size()));
  if (args.IsNone(1)) return PyValue(Stripped(text, side, nullptr));
  MR_ASSIGN_OR_RETURN(const std::string_view characters, args.Text(1));
  return PyValue(Stripped(text, side, &characters));
}

/// center, ljust, rjust: `left` of the missing characters go before the text.
Result<PyValue> Padded(EvaluationBudget& budget, const PyArguments& arguments, Side text_side) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("just", arguments, {"", "", ""}, 2));
  const std::string_view text = args.At(0).str();
  MR_ASSIGN_OR_RETURN(const int64_t width, args.Integer(1));
  MR_ASSIGN_OR_RETURN(const std::string_view fill, args.Text(2, " "));
  if (CodePointLength(fill) != 1) {
    return PyError("TypeError", "The fill character must be exactly one character long");
  }
  const int64_t missing = width - CodePointLength(text);
  if (missing <= 0) return args.At(0);
  MR_RETURN_IF_ERROR(budget.ChargeBytes(missing > (int64_t{1} << 32) ? missing : missing * 4));
  int64_t left = text_side == Side::kLeft ? 0 : missing;
  if (text_side == Side::kBoth) left = missing / 2 + (missing & width & 1);
  std::string padded;
  for (int64_t i = 0; i < left; ++i) padded += fill;
  padded += text;
  for (int64_t i = left; i < missing; ++i) padded += fill;
  return PyValue(std::move(padded));
}

Result<PyValue> Center(EvaluationBudget& budget, const PyArguments& arguments) {
  return Padded(budget, arguments, Side::kBoth);
}
Result<PyValue> Ljust(EvaluationBudget& budget, const PyArguments& arguments) {
  return Padded(budget, arguments, Side::kLeft);
}
Result<PyValue> Rjust(EvaluationBudget& budget, const PyArguments& arguments) {
  return Padded(budget, arguments, Side::kRight);
}

Result<PyValue> Zfill(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("zfill", arguments, {"", ""}, 2));
  std::string text = args.At(0).str();
  MR_ASSIGN_OR_RETURN(const int64_t width, args.Integer(1));
  const int64_t missing = width - CodePointLength(text);
  if (missing <= 0) return args.At(0);
  MR_RETURN_IF_ERROR(budget.ChargeBytes(missing));
  const bool sign = text.starts_with('-') || text.starts_with('+');
  text.insert(sign ? 1 : 0, static_cast<size_t>(missing), '0');
  return PyValue(std::move(text));
}

Result<PyValue> ExpandTabs(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("expandtabs", arguments, {"", "tabsize"}, 1));
  MR_ASSIGN_OR_RETURN(const int64_t size, args.Integer(1, 8));
  const std::string_view text = args.At(0).str();
  std::string expanded;
  int64_t column = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t start = at;
    const char32_t code = NextCodePoint(text, &at);
    if (code == '\t') {
      const int64_t spaces = size > 0 ? size - column % size : 0;
      MR_RETURN_IF_ERROR(budget.ChargeBytes(spaces));
      expanded.append(static_cast<size_t>(spaces), ' ');
      column += spaces;
      continue;
    }
    column = code == '\n' || code == '\r' ? 0 : column + 1;
    expanded += text.substr(start, at - start);
  }
  return PyValue(std::move(expanded));
}

// Predicates. Beyond ASCII, Unicode's classes as regular expressions see them.

Result<PyValue> AllMatch(std::string_view method, const PyArguments& arguments,
                         std::string_view character) {
  MR_ASSIGN_OR_RETURN(const std::string_view text, Receiver(method, arguments));
  MR_ASSIGN_OR_RETURN(const std::shared_ptr<const PyRegex> regex,
                      PyRegex::Make(fmt::format("\\A(?>{}+)\\Z", character)));
  MR_ASSIGN_OR_RETURN(const auto match, regex->Search(text));
  return PyValue(match.has_value());
}
Result<PyValue> IsAlpha(EvaluationBudget&, const PyArguments& arguments) {
  return AllMatch("isalpha", arguments, "[^\\W\\d_]");
}
Result<PyValue> IsAlnum(EvaluationBudget&, const PyArguments& arguments) {
  return AllMatch("isalnum", arguments, "[^\\W_]");
}
Result<PyValue> IsDecimal(EvaluationBudget&, const PyArguments& arguments) {
  return AllMatch("isdecimal", arguments, "\\d");
}
Result<PyValue> IsDigitMethod(EvaluationBudget&, const PyArguments& arguments) {
  return AllMatch("isdigit", arguments, "[\\d\u00b2\u00b3\u00b9\u2070\u2074-\u2079\u2080-\u2089]");
}
Result<PyValue> IsNumeric(EvaluationBudget&, const PyArguments& arguments) {
  return AllMatch("isnumeric", arguments,
                  "[\\d\u00b2\u00b3\u00b9\u00bc-\u00be\u2070\u2074-\u2079\u2080-\u2089\u2150-\u2189"
                  "\u2460-\u249b]");
}
Result<PyValue> IsSpaceMethod(EvaluationBudget&, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const std::string_view text, Receiver("isspace", arguments));
  return PyValue(!text.empty() && PyStripped(text).empty());
}
Result<PyValue> IsAscii(EvaluationBudget&, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const std::string_view text, Receiver("isascii", arguments));
  return PyValue(std::all_of(text.begin(), text.end(),
                             [](char c) { return static_cast<unsigned char>(c) < 0x80; }));
}
Result<PyValue> IsPrintableMethod(EvaluationBudget&, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const std::string_view text, Receiver("isprintable", arguments));
  for (size_t at = 0; at < text.size();) {
    if (!IsPrintable(NextCodePoint(text, &at))) return PyValue(false);
  }
  return PyValue(true);
}
Result<PyValue> IsIdentifier(EvaluationBudget&, const PyArguments& arguments) {
  return AllMatch("isidentifier", arguments, "(?:[^\\W\\d]\\w*)");
}

/// Whether there are letters with case, and all of them are of the one.
Result<PyValue> HasOnly(const PyArguments& arguments, bool (*wanted)(char32_t),
                        bool (*other)(char32_t)) {
  MR_ASSIGN_OR_RETURN(const std::string_view text, Receiver("str method", arguments));
  bool any = false;
  for (size_t at = 0; at < text.size();) {
    const char32_t code = NextCodePoint(text, &at);
    if (other(code)) return PyValue(false);
    any = any || wanted(code);
  }
  return PyValue(any);
}
Result<PyValue> IsUpperMethod(EvaluationBudget&, const PyArguments& arguments) {
  return HasOnly(arguments, IsPyUpper, IsPyLower);
}
Result<PyValue> IsLowerMethod(EvaluationBudget&, const PyArguments& arguments) {
  return HasOnly(arguments, IsPyLower, IsPyUpper);
}
Result<PyValue> IsTitle(EvaluationBudget&, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const std::string_view text, Receiver("istitle", arguments));
  bool any = false, inside = false;
  for (size_t at = 0; at < text.size();) {
    const char32_t code = NextCodePoint(text, &at);
    const bool upper = IsPyUpper(code), lower = IsPyLower(code);
    if ((upper && inside) || (lower && !inside)) return PyValue(false);
    inside = upper || lower;
    any = any || inside;
  }
  return PyValue(any);
}

Result<PyValue> Encode(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("encode", arguments, {"", "encoding", "errors"}, 1));
  MR_ASSIGN_OR_RETURN(const std::string_view encoding, args.Text(1, "utf-8"));
  MR_ASSIGN_OR_RETURN(const std::string_view errors, args.Text(2, "strict"));
  MR_RETURN_IF_ERROR(ChargeText(budget, args.At(0).str().size()));
  return PyEncoded(args.At(0).str(), encoding, errors);
}

Result<PyValue> Join(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("join", arguments, {"", ""}, 2));
  if (args.At(1).is_undefined()) return PyValue("");
  if (!PyIterable(args.At(1))) return PyError("TypeError", "can only join an iterable");
  MR_ASSIGN_OR_RETURN(const PyList items, PyIterate(args.At(1)));
  std::string text;
  for (size_t i = 0; i < items.size(); ++i) {
    if (!items[i].is_str()) {
      return PyError("TypeError", fmt::format("sequence item {}: expected str instance, {} found",
                                              i, PyTypeName(items[i])));
    }
    if (i > 0) text += args.At(0).str();
    text += items[i].str();
    MR_RETURN_IF_ERROR(ChargeText(budget, items[i].str().size() + args.At(0).str().size()));
  }
  return PyValue(std::move(text));
}

Result<PyValue> Translate(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("translate", arguments, {"", ""}, 2));
  const std::string_view text = args.At(0).str();
  std::string translated;
  for (size_t at = 0; at < text.size();) {
    const size_t start = at;
    const char32_t code = NextCodePoint(text, &at);
    const Result<PyValue> to = PySubscript(args.At(1), PyValue(static_cast<int64_t>(code)));
    if (!to.ok() && !IsPyError(to.status(), "KeyError") && !IsPyError(to.status(), "IndexError")) {
      return to.status();
    }
    if (!to.ok()) {
      translated += text.substr(start, at - start);
    } else if (to->is_str()) {
      translated += to->str();
      MR_RETURN_IF_ERROR(ChargeText(budget, to->str().size()));
    } else if (to->is_int()) {
      AppendCodePoint(static_cast<char32_t>(to->as_int()), &translated);
    }
  }
  return PyValue(std::move(translated));
}

constexpr PyNamedFunction kMethods[] = {
    {"lower", Mapped<PyLower>},
    {"casefold", Mapped<PyLower>},
    {"upper", Mapped<PyUpper>},
    {"title", Mapped<PyTitle>},
    {"capitalize", Mapped<PyCapitalize>},
    {"swapcase", Mapped<PySwapCase>},
    {"strip", Strip<Side::kBoth>},
    {"lstrip", Strip<Side::kLeft>},
    {"rstrip", Strip<Side::kRight>},
    {"center", Center},
    {"ljust", Ljust},
    {"rjust", Rjust},
    {"zfill", Zfill},
    {"expandtabs", ExpandTabs},
    {"isalpha", IsAlpha},
    {"isalnum", IsAlnum},
    {"isdecimal", IsDecimal},
    {"isdigit", IsDigitMethod},
    {"isnumeric", IsNumeric},
    {"isspace", IsSpaceMethod},
    {"isascii", IsAscii},
    {"isprintable", IsPrintableMethod},
    {"isidentifier", IsIdentifier},
    {"isupper", IsUpperMethod},
    {"islower", IsLowerMethod},
    {"istitle", IsTitle},
    {"encode", Encode},
    {"join", Join},
    {"translate", Translate},
    {"format", PyTextFormat},
    {"format_map", PyTextFormatMap},
};

}  // namespace

PyFunctionTable PyTextMethods() { return kMethods; }

}  // namespace millrace
