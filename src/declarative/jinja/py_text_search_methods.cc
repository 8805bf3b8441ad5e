#include <fmt/format.h>

#include <algorithm>

#include "declarative/jinja/py_bound_arguments.h"
#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_function_table.h"
#include "declarative/jinja/py_number_text.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/jinja/py_text.h"

namespace millrace {
namespace {

/// The part of a text between two indices that count characters; `first` is where it begins in
/// bytes. `valid` is false when start > len.
struct Window {
  std::string_view part;
  size_t first = 0;
  bool valid = true;
};

/// An index argument, counted from the end when negative.
Result<int64_t> Bounded(const PyBoundArguments& args, size_t parameter, int64_t length,
                        int64_t otherwise) {
  if (args.IsNone(parameter)) return otherwise;
  if (args.At(parameter).kind() == PyValue::Kind::kBigInt) {
    return PyIntToDouble(args.At(parameter)) < 0 ? 0 : INT64_MAX;
  }
  MR_ASSIGN_OR_RETURN(int64_t index, args.Integer(parameter));
  if (index < 0) index = std::max<int64_t>(index + length, 0);
  return index;
}

Result<Window> WindowOf(const PyBoundArguments& args, size_t start_parameter) {
  const std::string_view text = args.At(0).str();
  if (args.IsNone(start_parameter) && args.IsNone(start_parameter + 1)) return Window{text};
  const int64_t length = CodePointLength(text);
  MR_ASSIGN_OR_RETURN(const int64_t start, Bounded(args, start_parameter, length, 0));
  MR_ASSIGN_OR_RETURN(const int64_t end, Bounded(args, start_parameter + 1, length, length));
  const int64_t stop = std::min(end, length);
  if (start > length || start > stop) return Window{{}, 0, false};
  const size_t first = CodePointOffset(text, start);
  return Window{text.substr(first, CodePointOffset(text, stop) - first), first};
}

/// Where the needle stands, in characters; -1: nowhere.
Result<int64_t> Position(std::string_view method, const PyArguments& arguments, bool last) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind(method, arguments, {"", "", "", ""}, 2));
  MR_ASSIGN_OR_RETURN(const std::string_view needle, args.Text(1));
  MR_ASSIGN_OR_RETURN(const Window window, WindowOf(args, 2));
  if (!window.valid) return -1;
  const size_t at = last ? window.part.rfind(needle) : window.part.find(needle);
  if (at == window.part.npos) return -1;
  return CodePointLength(std::string_view(args.At(0).str()).substr(0, window.first + at));
}

template <bool last>
Result<PyValue> Find(EvaluationBudget&, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const int64_t position, Position("find", arguments, last));
  return PyValue(position);
}
template <bool last>
Result<PyValue> Index(EvaluationBudget&, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const int64_t position, Position("index", arguments, last));
  if (position < 0) return PyError("ValueError", "substring not found");
  return PyValue(position);
}

Result<PyValue> Count(EvaluationBudget&, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("count", arguments, {"", "", "", ""}, 2));
  MR_ASSIGN_OR_RETURN(const std::string_view needle, args.Text(1));
  MR_ASSIGN_OR_RETURN(const Window window, WindowOf(args, 2));
  if (!window.valid) return PyValue(0);
  if (needle.empty()) return PyValue(CodePointLength(window.part) + 1);
  int64_t count = 0;
  for (size_t at = window.part.find(needle); at != window.part.npos;
       at = window.part.find(needle, at + needle.size())) {
    ++count;
  }
  return PyValue(count);
}

/// startswith, endswith: of text or of each in a tuple.
Result<PyValue> HasAffix(std::string_view method, const PyArguments& arguments, bool at_end) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind(method, arguments, {"", "", "", ""}, 2));
  const PyValue& affix = args.At(1);
  const PyList one = {affix};
  const PyList& affixes = affix.is_tuple() ? affix.items() : one;
  MR_ASSIGN_OR_RETURN(const Window window, WindowOf(args, 2));
  for (const PyValue& each : affixes) {
    if (!each.is_str()) {
      return PyError("TypeError", fmt::format("{} first arg must be str or a tuple of str, not {}",
                                              method, PyTypeName(each)));
    }
    const bool has =
        at_end ? window.part.ends_with(each.str()) : window.part.starts_with(each.str());
    if (window.valid && has) return PyValue(true);
  }
  return PyValue(false);
}
Result<PyValue> StartsWith(EvaluationBudget&, const PyArguments& arguments) {
  return HasAffix("startswith", arguments, /*at_end=*/false);
}
Result<PyValue> EndsWith(EvaluationBudget&, const PyArguments& arguments) {
  return HasAffix("endswith", arguments, /*at_end=*/true);
}

Result<PyValue> RemovePrefix(EvaluationBudget&, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("removeprefix", arguments, {"", ""}, 2));
  MR_ASSIGN_OR_RETURN(const std::string_view prefix, args.Text(1));
  std::string_view text = args.At(0).str();
  if (text.starts_with(prefix)) text.remove_prefix(prefix.size());
  return PyValue(text);
}
Result<PyValue> RemoveSuffix(EvaluationBudget&, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("removesuffix", arguments, {"", ""}, 2));
  MR_ASSIGN_OR_RETURN(const std::string_view suffix, args.Text(1));
  std::string_view text = args.At(0).str();
  if (text.ends_with(suffix)) text.remove_suffix(suffix.size());
  return PyValue(text);
}

Result<PyValue> Replace(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("replace", arguments, {"", "", "", ""}, 3));
  MR_ASSIGN_OR_RETURN(const std::string_view old, args.Text(1));
  MR_ASSIGN_OR_RETURN(const std::string_view fresh, args.Text(2));
  MR_ASSIGN_OR_RETURN(int64_t count, args.Integer(3, -1));
  const std::string_view text = args.At(0).str();
  MR_RETURN_IF_ERROR(ChargeText(budget, text.size()));
  std::string replaced;
  size_t at = 0;
  for (; count != 0; --count) {
    const size_t found = text.find(old, at);
    if (found == text.npos) break;
    MR_RETURN_IF_ERROR(ChargeText(budget, fresh.size()));
    replaced += text.substr(at, found - at);
    replaced += fresh;
    at = found + old.size();
    if (!old.empty()) continue;
    if (at == text.size()) break;
    NextCodePoint(text, &at);  // between all characters
    replaced += text.substr(found, at - found);
  }
  return PyValue(replaced.append(text.substr(std::min(at, text.size()))));
}

/// Moves behind white space, or up to it.
size_t SkipWhile(std::string_view text, size_t at, bool space) {
  while (at < text.size()) {
    size_t next = at;
    if (IsPySpace(NextCodePoint(text, &next)) != space) break;
    at = next;
  }
  return at;
}

PyList SplitAtSpace(std::string_view text, int64_t most) {
  PyList parts;
  size_t at = SkipWhile(text, 0, true);
  for (; at < text.size() && most != 0; --most) {
    const size_t end = SkipWhile(text, at, false);
    parts.emplace_back(text.substr(at, end - at));
    at = SkipWhile(text, end, true);
  }
  if (at < text.size()) parts.emplace_back(text.substr(at));
  return parts;
}

PyList SplitAt(std::string_view text, std::string_view separator, int64_t most) {
  PyList parts;
  size_t at = 0;
  for (; most != 0; --most) {
    const size_t found = text.find(separator, at);
    if (found == text.npos) break;
    parts.emplace_back(text.substr(at, found - at));
    at = found + separator.size();
  }
  parts.emplace_back(text.substr(at));
  return parts;
}

PyList SplitAtFromEnd(std::string_view text, std::string_view separator, int64_t most) {
  PyList parts;
  for (; most != 0; --most) {
    const size_t found = text.size() < separator.size() ? text.npos : text.rfind(separator);
    if (found == text.npos) break;
    parts.emplace_back(text.substr(found + separator.size()));
    text = text.substr(0, found);
  }
  parts.emplace_back(text);
  std::reverse(parts.begin(), parts.end());
  return parts;
}

/// The last words one by one, then what is left of the text.
PyList SplitAtSpaceFromEnd(std::string_view text, int64_t most) {
  const PyList words = SplitAtSpace(text, -1);
  if (most < 0 || words.size() <= static_cast<size_t>(most)) return words;
  PyList parts(words.end() - static_cast<ptrdiff_t>(most), words.end());
  std::string_view rest = PyStripped(text);
  const std::string_view whole = text;
  rest = whole.substr(0, static_cast<size_t>(rest.data() + rest.size() - whole.data()));
  for (auto word = parts.rbegin(); word != parts.rend(); ++word) {
    rest.remove_suffix(word->str().size());
    const std::string_view stripped = PyStripped(rest);
    rest = rest.substr(0, static_cast<size_t>(stripped.data() + stripped.size() - rest.data()));
  }
  parts.insert(parts.begin(), PyValue(rest));
  return parts;
}

template <bool from_end>
Result<PyValue> Split(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("split", arguments, {"", "sep", "maxsplit"}, 1));
  MR_ASSIGN_OR_RETURN(const int64_t most, args.Integer(2, -1));
  const std::string_view text = args.At(0).str();
  MR_RETURN_IF_ERROR(ChargeText(budget, text.size()));
  PyList parts;
  if (args.IsNone(1)) {
    parts = from_end ? SplitAtSpaceFromEnd(text, most) : SplitAtSpace(text, most);
  } else {
    MR_ASSIGN_OR_RETURN(const std::string_view separator, args.Text(1));
    if (separator.empty()) return PyError("ValueError", "empty separator");
    parts = from_end ? SplitAtFromEnd(text, separator, most) : SplitAt(text, separator, most);
  }
  MR_RETURN_IF_ERROR(ChargeItems(budget, parts.size()));
  return PyValue::List(std::move(parts));
}

template <bool from_end>
Result<PyValue> Partition(EvaluationBudget&, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("partition", arguments, {"", ""}, 2));
  MR_ASSIGN_OR_RETURN(const std::string_view separator, args.Text(1));
  if (separator.empty()) return PyError("ValueError", "empty separator");
  const std::string_view text = args.At(0).str();
  const size_t at = from_end ? text.rfind(separator) : text.find(separator);
  if (at == text.npos) {
    return from_end ? PyValue::Tuple({PyValue(""), PyValue(""), PyValue(text)})
                    : PyValue::Tuple({PyValue(text), PyValue(""), PyValue("")});
  }
  return PyValue::Tuple({PyValue(text.substr(0, at)), PyValue(separator),
                         PyValue(text.substr(at + separator.size()))});
}

bool EndsLine(char32_t code) {
  return (code >= '\n' && code <= '\r') || (code >= 0x1C && code <= 0x1E) || code == 0x85 ||
         code == 0x2028 || code == 0x2029;
}

Result<PyValue> SplitLines(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("splitlines", arguments, {"", "keepends"}, 1));
  MR_ASSIGN_OR_RETURN(const int64_t keep_ends, args.Integer(1, 0));
  const bool keep = keep_ends != 0;
  const std::string_view text = args.At(0).str();
  MR_RETURN_IF_ERROR(ChargeText(budget, text.size()));
  PyList lines;
  size_t start = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = at;
    const char32_t code = NextCodePoint(text, &at);
    if (!EndsLine(code)) continue;
    if (code == '\r' && at < text.size() && text[at] == '\n') ++at;
    lines.emplace_back(text.substr(start, (keep ? at : end) - start));
    start = at;
  }
  if (start < text.size()) lines.emplace_back(text.substr(start));
  MR_RETURN_IF_ERROR(ChargeItems(budget, lines.size()));
  return PyValue::List(std::move(lines));
}

constexpr PyNamedFunction kMethods[] = {
    {"find", Find<false>},
    {"rfind", Find<true>},
    {"index", Index<false>},
    {"rindex", Index<true>},
    {"count", Count},
    {"startswith", StartsWith},
    {"endswith", EndsWith},
    {"removeprefix", RemovePrefix},
    {"removesuffix", RemoveSuffix},
    {"replace", Replace},
    {"split", Split<false>},
    {"rsplit", Split<true>},
    {"partition", Partition<false>},
    {"rpartition", Partition<true>},
    {"splitlines", SplitLines},
};

}  // namespace

PyFunctionTable PyTextSearchMethods() { return kMethods; }

}  // namespace millrace
