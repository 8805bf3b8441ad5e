#include <fmt/format.h>

#include "declarative/jinja/py_bound_arguments.h"
#include "declarative/jinja/py_case.h"
#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_function_table.h"
#include "declarative/jinja/py_number_text.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/jinja/py_regex.h"
#include "declarative/jinja/py_text.h"

namespace millrace {
namespace {

/// str(value), which is what most filters of text begin with.
Result<std::string> Softly(EvaluationBudget& budget, const PyValue& value) {
  std::string text = PyStr(value);
  MR_RETURN_IF_ERROR(ChargeText(budget, text.size()));
  return text;
}

/// Applies a method of text to str(value).
Result<PyValue> CallTextMethod(EvaluationBudget& budget, std::string_view method,
                               PyArguments arguments) {
  MR_ASSIGN_OR_RETURN(std::string text, Softly(budget, arguments.positional[0]));
  arguments.positional[0] = PyValue(std::move(text));
  return FindPyMethod(PyValue::Kind::kStr, method)(budget, arguments);
}

template <std::string (*Map)(std::string_view)>
Result<PyValue> Mapped(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("filter", arguments, {"s"}, 1));
  MR_ASSIGN_OR_RETURN(const std::string text, Softly(budget, args.At(0)));
  return PyValue(Map(text));
}

/// Upper case behind white space and opening brackets.
Result<PyValue> Title(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("title", arguments, {"s"}, 1));
  MR_ASSIGN_OR_RETURN(const std::string text, Softly(budget, args.At(0)));
  std::string titled;
  bool start = true;
  for (size_t at = 0; at < text.size();) {
    const size_t from = at;
    const char32_t code = NextCodePoint(text, &at);
    const std::string_view character = std::string_view(text).substr(from, at - from);
    const bool separator =
        IsPySpace(code) || (code < 0x80 && std::string_view("-({[<").find(
                                               static_cast<char>(code)) != std::string_view::npos);
    titled += start ? PyUpper(character) : PyLower(character);
    start = separator;
  }
  return PyValue(std::move(titled));
}

Result<PyValue> Trim(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("trim", arguments, {"value", "chars"}, 1));
  const PyValue none;
  return CallTextMethod(budget, "strip",
                        {{args.At(0), args[1] == nullptr ? none : args.At(1)}, {}});
}

Result<PyValue> Center(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("center", arguments, {"value", "width"}, 1));
  return CallTextMethod(budget, "center",
                        {{args.At(0), args[1] == nullptr ? PyValue(80) : args.At(1)}, {}});
}

Result<PyValue> Replace(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(
      const PyBoundArguments args,
      PyBoundArguments::Bind("replace", arguments, {"s", "old", "new", "count"}, 3));
  return CallTextMethod(budget, "replace",
                        {{args.At(0), PyValue(PyStr(args.At(1))), PyValue(PyStr(args.At(2))),
                          args.IsNone(3) ? PyValue(-1) : args.At(3)},
                         {}});
}

Result<PyValue> Format(EvaluationBudget& budget, const PyArguments& arguments) {
  const size_t given = arguments.positional.size() - 1;
  if (given > 0 && !arguments.named.empty()) {
    return PyError("FilterArgumentError",
                   "can't handle positional and keyword arguments at the same time");
  }
  MR_ASSIGN_OR_RETURN(const std::string format, Softly(budget, arguments.positional[0]));
  PyValue values = PyValue::Tuple({arguments.positional.begin() + 1, arguments.positional.end()});
  if (!arguments.named.empty()) {
    PyDict named;
    for (const auto& [name, value] : arguments.named) named.Append(PyValue(name), value);
    values = PyValue(std::move(named));
  }
  MR_RETURN_IF_ERROR(
      budget.ChargeBytes(PyBinaryCost(PyBinaryOperator::kMod, PyValue(format), values)));
  MR_ASSIGN_OR_RETURN(PyValue text, PyPercentFormat(format, values));
  MR_RETURN_IF_ERROR(ChargeText(budget, text.str().size()));
  return text;
}

Result<PyList> Lines(EvaluationBudget& budget, std::string text) {
  MR_ASSIGN_OR_RETURN(const PyValue lines, FindPyMethod(PyValue::Kind::kStr, "splitlines")(
                                               budget, {{PyValue(std::move(text))}, {}}));
  return lines.items();
}

Result<PyValue> Indent(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(
      const PyBoundArguments args,
      PyBoundArguments::Bind("indent", arguments, {"s", "width", "first", "blank"}, 1));
  if (args.At(0).is_undefined()) return UseOfUndefined(args.At(0));
  MR_ASSIGN_OR_RETURN(const std::string_view text, args.Text(0));
  std::string indention;
  if (args[1] != nullptr && args.At(1).is_str()) {
    indention = args.At(1).str();
  } else {
    MR_ASSIGN_OR_RETURN(const int64_t width, args.Integer(1, 4));
    MR_RETURN_IF_ERROR(budget.ChargeBytes(std::max<int64_t>(width, 0)));
    indention.assign(static_cast<size_t>(std::max<int64_t>(width, 0)), ' ');
  }
  const bool first = args.Truth(2, false), blank = args.Truth(3, false);
  MR_ASSIGN_OR_RETURN(const PyList lines, Lines(budget, std::string(text) + "\n"));
  std::string indented = first ? indention : "";
  for (size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) indented += '\n';
    if (i > 0 && (blank || !lines[i].str().empty())) {
      MR_RETURN_IF_ERROR(ChargeText(budget, indention.size()));
      indented += indention;
    }
    indented += lines[i].str();
  }
  return PyValue(std::move(indented));
}

Result<PyValue> Truncate(EvaluationBudget&, const PyArguments& arguments) {
  constexpr int64_t kLeeway = 5;
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("truncate", arguments,
                                             {"s", "length", "killwords", "end", "leeway"}, 1));
  MR_ASSIGN_OR_RETURN(const int64_t length, args.Integer(1, 255));
  MR_ASSIGN_OR_RETURN(const std::string_view end, args.Text(3, "..."));
  int64_t leeway = kLeeway;
  if (!args.IsNone(4)) {
    MR_ASSIGN_OR_RETURN(leeway, args.Integer(4));
  }
  const int64_t end_length = CodePointLength(end);
  if (length < end_length || leeway < 0) {
    return PyError("AssertionError",
                   fmt::format("expected length >= {}, got {}", end_length, length));
  }
  MR_ASSIGN_OR_RETURN(const int64_t size, PyLength(args.At(0)));
  if (size <= length + leeway) return args.At(0);
  MR_ASSIGN_OR_RETURN(std::string_view text, args.Text(0));
  text = text.substr(0, CodePointOffset(text, length - end_length));
  if (!args.Truth(2, false)) text = text.substr(0, text.rfind(' '));
  return PyValue(std::string(text) + std::string(end));
}

Result<PyValue> WordCount(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("wordcount", arguments, {"s"}, 1));
  MR_ASSIGN_OR_RETURN(const std::string text, Softly(budget, args.At(0)));
  MR_ASSIGN_OR_RETURN(const std::shared_ptr<const PyRegex> regex, PyRegex::Make("\\w+"));
  int64_t count = 0;
  for (size_t at = 0; at < text.size(); ++count) {
    MR_ASSIGN_OR_RETURN(const auto match, regex->Search(text, at));
    if (!match) break;
    at = (*match)[0]->second;
  }
  return PyValue(count);
}

Result<PyValue> Pprint(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("pprint", arguments, {"value"}, 1));
  std::string text = PyRepr(args.At(0));
  MR_RETURN_IF_ERROR(ChargeText(budget, text.size()));
  return PyValue(std::move(text));
}

/// What nobody uses in a manifest.
Result<PyValue> WordWrap(EvaluationBudget&, const PyArguments&) {
  return PyError("NotImplementedError", "the filter wordwrap is not available in Millrace");
}

constexpr PyNamedFunction kFilters[] = {
    {"upper", Mapped<PyUpper>},
    {"lower", Mapped<PyLower>},
    {"capitalize", Mapped<PyCapitalize>},
    {"title", Title},
    {"trim", Trim},
    {"center", Center},
    {"replace", Replace},
    {"format", Format},
    {"indent", Indent},
    {"truncate", Truncate},
    {"wordcount", WordCount},
    {"pprint", Pprint},
    {"wordwrap", WordWrap},
};

}  // namespace

PyFunctionTable JinjaTextFilters() { return kFilters; }

}  // namespace millrace
