#include <fmt/format.h>

#include <array>
#include <utility>

#include "declarative/jinja/py_bound_arguments.h"
#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_format.h"
#include "declarative/jinja/py_function_table.h"
#include "declarative/jinja/py_text.h"

namespace millrace {
namespace {

Result<PyValue> Decode(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("decode", arguments, {"", "encoding", "errors"}, 1));
  MR_ASSIGN_OR_RETURN(const std::string_view encoding, args.Text(1, "utf-8"));
  MR_ASSIGN_OR_RETURN(const std::string_view errors, args.Text(2, "strict"));
  MR_RETURN_IF_ERROR(ChargeText(budget, args.At(0).str().size()));
  return PyDecoded(args.At(0).str(), encoding, errors);
}

Result<PyValue> HexText(EvaluationBudget& budget, const PyArguments& arguments) {
  MR_ASSIGN_OR_RETURN(const PyBoundArguments args,
                      PyBoundArguments::Bind("hex", arguments, {""}, 1));
  MR_RETURN_IF_ERROR(ChargeText(budget, 2 * args.At(0).str().size()));
  std::string text;
  for (const char byte : args.At(0).str()) {
    text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  }
  return PyValue(std::move(text));
}

/// What bytes do as text does, each byte a character.
constexpr std::array<std::string_view, 31> kSharedMethods = {
    "lower",   "upper",      "title",     "capitalize",   "swapcase",     "strip",   "lstrip",
    "rstrip",  "center",     "ljust",     "rjust",        "zfill",        "isalpha", "isalnum",
    "isdigit", "isspace",    "isascii",   "isupper",      "islower",      "find",    "rfind",
    "count",   "startswith", "endswith",  "removeprefix", "removesuffix", "replace", "split",
    "rsplit",  "partition",  "splitlines"};

/// Bytes as text and text as bytes; text among the arguments is none of bytes' business. Tuples
/// and lists by their items.
Result<PyValue> AsText(const PyValue& value) {
  if (value.is_str()) return PyError("TypeError", "a bytes-like object is required, not 'str'");
  if (value.kind() == PyValue::Kind::kBytes) return PyDecoded(value.str(), "latin-1", "strict");
  if (!value.is_tuple()) return value;
  PyList items;
  for (const PyValue& item : value.items()) {
    MR_ASSIGN_OR_RETURN(items.emplace_back(), AsText(item));
  }
  return PyValue::Tuple(std::move(items));
}
Result<PyValue> AsBytes(const PyValue& value) {
  if (value.is_str()) return PyEncoded(value.str(), "latin-1", "replace");
  if (!value.is_tuple() && !value.is_list()) return value;
  PyList items;
  for (const PyValue& item : value.items()) {
    MR_ASSIGN_OR_RETURN(items.emplace_back(), AsBytes(item));
  }
  return value.is_list() ? PyValue::List(std::move(items)) : PyValue::Tuple(std::move(items));
}

template <size_t method>
Result<PyValue> CallShared(EvaluationBudget& budget, const PyArguments& arguments) {
  PyArguments as_text = arguments;
  for (PyValue& value : as_text.positional) {
    MR_ASSIGN_OR_RETURN(value, AsText(value));
  }
  for (auto& [name, value] : as_text.named) {
    MR_ASSIGN_OR_RETURN(value, AsText(value));
  }
  MR_RETURN_IF_ERROR(ChargeText(budget, 2 * arguments.positional[0].str().size()));
  const PyFunction function = FindPyMethod(PyValue::Kind::kStr, kSharedMethods[method]);
  MR_ASSIGN_OR_RETURN(const PyValue result, function(budget, as_text));
  return AsBytes(result);
}

template <size_t... methods>
constexpr auto TableOf(std::index_sequence<methods...>) {
  return std::array<PyNamedFunction, sizeof...(methods) + 2>{
      {{"decode", Decode}, {"hex", HexText}, {kSharedMethods[methods], CallShared<methods>}...}};
}
constexpr auto kMethods = TableOf(std::make_index_sequence<kSharedMethods.size()>());

}  // namespace

PyFunctionTable PyBytesMethods() { return kMethods; }

}  // namespace millrace
