#include <fmt/format.h>

#include <algorithm>

#include "declarative/jinja/jinja_html.h"
#include "declarative/jinja/py_bound_arguments.h"
#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_function_table.h"
#include "declarative/jinja/py_json.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/jinja/py_pairs.h"
#include "declarative/jinja/py_quote.h"
#include "declarative/jinja/py_stream_slice.h"

namespace millrace {
namespace {

Result<PyBoundArguments> OneArgument(std::string_view filter, const PyArguments& arguments) {
  return PyBoundArguments::Bind(filter, arguments, {"value"}, 1);
}

Result<PyValue> Escape(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args, OneArgument("escape", arguments));
  if (args.At(0).is_markup()) return args.At(0);
  std::string escaped = EscapedHtml(PyStr(args.At(0)));
  MR_RETURN_IF_ERROR(ChargeText(budget, escaped.size()));
  return PyValue::Markup(std::move(escaped));
}
Result<PyValue> ForceEscape(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args, OneArgument("forceescape", arguments));
  std::string escaped = EscapedHtml(PyStr(args.At(0)));
  MR_RETURN_IF_ERROR(ChargeText(budget, escaped.size()));
  return PyValue::Markup(std::move(escaped));
}
Result<PyValue> Safe(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args, OneArgument("safe", arguments));
  std::string text = PyStr(args.At(0));
  MR_RETURN_IF_ERROR(ChargeText(budget, text.size()));
  return PyValue::Markup(std::move(text));
}
Result<PyValue> StripTags(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args, OneArgument("striptags", arguments));
  const std::string text = PyStr(args.At(0));
  MR_RETURN_IF_ERROR(ChargeText(budget, text.size()));
  return PyValue(WithoutTags(text));
}

Result<PyValue> ToJson(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("tojson", arguments, {"value", "indent"}, 1));
  constexpr int64_t kIndentMax = 1000;
  PyJsonStyle style{.sort_keys = true};
  if (!args.IsNone(1)) {
    MR_ASSIGN_OR_RETURN(const int64_t indent, args.Integer(1));
    style.indent = static_cast<int>(std::clamp<int64_t>(indent, 0, kIndentMax));
  }
  std::string json;
  MR_RETURN_IF_ERROR(AppendPyJson(args.At(0), style, &json));
  MR_RETURN_IF_ERROR(ChargeText(budget, json.size()));
  std::string safe;
  for (const char c : json) {
    if (c == '<' || c == '>' || c == '&' || c == '\'') {
      safe += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      safe.push_back(c);
    }
  }
  return PyValue::Markup(std::move(safe));
}

/// Of text, bytes or whatever prints as text.
std::string Quoted(const PyValue& value, bool query) {
  const std::string text = value.kind() == PyValue::Kind::kBytes ? value.str() : PyStr(value);
  return query ? PyQuotePlus(text) : PyQuote(text);
}

Result<PyValue> UrlEncode(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args, OneArgument("urlencode", arguments));
  const PyValue& value = args.At(0);
  std::string text;
  if (value.is_undefined()) return PyValue("");
  if (value.is_str() || !PyIterable(value)) {
    text = Quoted(value, /*query=*/false);
  } else {
    MR_ASSIGN_OR_RETURN(const auto pairs, PyPairsOf(value));
    for (const auto& [key, each] : pairs) {
      if (!text.empty()) text += '&';
      text += Quoted(key, /*query=*/true) + "=" + Quoted(each, /*query=*/true);
    }
  }
  MR_RETURN_IF_ERROR(ChargeText(budget, text.size()));
  return PyValue(std::move(text));
}

Result<PyValue> XmlAttr(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("xmlattr", arguments, {"d", "autospace"}, 1));
  if (args.At(0).is_undefined()) return UseOfUndefined(args.At(0));
  const PyDict* const dict = MappingOf(args.At(0));
  if (dict == nullptr) return PyError("AttributeError", "xmlattr needs a dict");
  std::string text;
  for (const auto& [key, value] : *dict) {
    if (value.is_none() || value.is_undefined()) continue;
    if (!key.is_str()) return PyError("TypeError", "expected string or bytes-like object");
    const std::string name = PyStr(key);
    if (name.find_first_of(" \t\n\r\f\v/>=") != name.npos) {
      return PyError("ValueError", "Invalid character in attribute name");
    }
    if (!text.empty()) text += ' ';
    text += EscapedHtml(name) + "=\"" +
            (value.is_markup() ? value.str() : EscapedHtml(PyStr(value))) + "\"";
  }
  MR_RETURN_IF_ERROR(ChargeText(budget, text.size()));
  if (args.Truth(1, true) && !text.empty()) text.insert(0, 1, ' ');
  return PyValue(std::move(text));
}

/// What nobody uses in a manifest.
Result<PyValue> Urlize(EvaluationBudget&, const PyArguments&) {
  return PyError("NotImplementedError", "the filter urlize is not available in Millrace");
}

constexpr PyNamedFunction kFilters[] = {
    {"e", Escape},
    {"escape", Escape},
    {"forceescape", ForceEscape},
    {"safe", Safe},
    {"striptags", StripTags},
    {"tojson", ToJson},
    {"urlencode", UrlEncode},
    {"xmlattr", XmlAttr},
    {"urlize", Urlize},
};

}  // namespace

PyFunctionTable JinjaHtmlFilters() { return kFilters; }

}  // namespace millrace
