#include "declarative/jinja/interpolation.h"

#include <algorithm>
#include <iterator>

#include "base/check.h"
#include "declarative/jinja/compiled_template.h"
#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_operators.h"

namespace millrace {
namespace {

/// Whether the CDK counts an interpolated condition as false.
bool IsFalseValue(const PyValue& value) {
  static constexpr std::string_view kTexts[] = {"False", "false", "{}", "[]", "()", "", "0", "0.0"};
  if (value.is_str()) {
    return std::find(std::begin(kTexts), std::end(kTexts), value.str()) != std::end(kTexts);
  }
  return value.kind() != PyValue::Kind::kBytes && !PyTruthy(value);
}

}  // namespace

/// A node of a nested mapping: a template, a dict, a list, or something else as it is.
struct CompiledNestedMapping {
  std::shared_ptr<const CompiledTemplate> text;
  std::vector<std::pair<CompiledNestedMapping, CompiledNestedMapping>> entries;
  std::vector<CompiledNestedMapping> items;
  PyValue constant;  // its kind tells dicts and lists as well
};

InterpolationContext& InterpolationContext::Set(std::string_view name, const PyValue& value) {
  for (size_t i = 0; i < size_; ++i) {
    if (variables_[i].first == name) {
      variables_[i].second = &value;
      return *this;
    }
  }
  MR_CHECK(size_ < kVariablesMax, "a context has room for its variables");
  variables_[size_++] = {name, &value};
  return *this;
}

const PyValue* InterpolationContext::Find(std::string_view name) const {
  if (name == "stream_interval" || name == "stream_partition") name = "stream_slice";
  if (const PyValue* member = members_ == nullptr ? nullptr : members_->Find(name)) return member;
  for (size_t i = 0; i < size_; ++i) {
    if (variables_[i].first == name) return variables_[i].second;
  }
  return nullptr;
}

InterpolatedString::InterpolatedString(std::string text, PyValue parameters,
                                       std::string default_text)
    : main_(CompiledTemplate::Of(std::move(text))), parameters_(std::move(parameters)) {
  default_ = default_text.empty() ? main_ : CompiledTemplate::Of(std::move(default_text));
}

const std::string& InterpolatedString::text() const {
  static const std::string kEmpty;
  return main_ == nullptr ? kEmpty : main_->text();
}

bool InterpolatedString::is_plain() const { return main_ == nullptr || main_->is_plain(); }

Result<PyValue> InterpolatedString::Evaluate(const InterpolationContext& context,
                                             LiteralTypes types) const {
  if (main_ == nullptr) return PyValue(std::string());
  return main_->Evaluate(context, parameters_, types, default_.get());
}

Result<std::string> InterpolatedString::EvaluateText(const InterpolationContext& context) const {
  MR_ASSIGN_OR_RETURN(const PyValue value, Evaluate(context));
  return PyStr(value);
}

InterpolatedBoolean::InterpolatedBoolean(const PyValue& condition, PyValue parameters) {
  if (condition.is_str()) {
    text_ = InterpolatedString(condition.str(), std::move(parameters), "False");
  } else {
    constant_ = PyTruthy(condition);
  }
}

Result<bool> InterpolatedBoolean::Evaluate(const InterpolationContext& context) const {
  if (constant_.is_bool()) return constant_.as_bool();
  MR_ASSIGN_OR_RETURN(const PyValue value, text_.Evaluate(context));
  return !IsFalseValue(value);
}

InterpolatedMapping::Part InterpolatedMapping::PartOf(const PyValue& value) {
  return value.is_str() ? Part{CompiledTemplate::Of(value.str()), {}} : Part{nullptr, value};
}

InterpolatedMapping::InterpolatedMapping(const PyValue& mapping, PyValue parameters)
    : parameters_(std::move(parameters)) {
  if (!mapping.is_dict()) return;
  for (const auto& [key, value] : mapping.dict()) entries_.emplace_back(PartOf(key), PartOf(value));
}

Result<PyValue> InterpolatedMapping::Evaluate(const Part& part, const InterpolationContext& context,
                                              LiteralTypes types) const {
  if (part.compiled == nullptr) return part.constant;
  return part.compiled->Evaluate(context, parameters_, types, /*otherwise=*/nullptr);
}

Result<PyValue> InterpolatedMapping::Evaluate(const InterpolationContext& context,
                                              LiteralTypes types, LiteralTypes key_types) const {
  PyDict evaluated;
  evaluated.Reserve(entries_.size());
  for (const auto& [key_part, value_part] : entries_) {
    if (key_part.compiled == nullptr) {
      return PyError("Exception", "Expected a string as the key of a mapping");
    }
    MR_ASSIGN_OR_RETURN(PyValue key, Evaluate(key_part, context, key_types));
    MR_ASSIGN_OR_RETURN(PyValue value, Evaluate(value_part, context, types));
    MR_RETURN_IF_ERROR(PyHashable(key));
    evaluated.Set(std::move(key), std::move(value));
  }
  return PyValue(std::move(evaluated));
}

namespace {

CompiledNestedMapping CompileNested(const PyValue& value) {
  CompiledNestedMapping compiled;
  if (value.is_str()) {
    compiled.text = CompiledTemplate::Of(value.str());
    return compiled;
  }
  compiled.constant = value;
  if (value.is_dict()) {
    for (const auto& [key, member] : value.dict()) {
      compiled.entries.emplace_back(CompileNested(key), CompileNested(member));
    }
  } else if (value.is_list()) {
    for (const PyValue& item : value.items()) compiled.items.push_back(CompileNested(item));
  }
  return compiled;
}

Result<PyValue> EvaluateNested(const CompiledNestedMapping& compiled,
                               const InterpolationContext& context, const PyValue& parameters) {
  if (compiled.text != nullptr) {
    return compiled.text->Evaluate(context, parameters, LiteralTypes::kAny, /*otherwise=*/nullptr);
  }
  if (compiled.constant.is_list()) {
    PyList items;
    items.reserve(compiled.items.size());
    for (const CompiledNestedMapping& item : compiled.items) {
      MR_ASSIGN_OR_RETURN(PyValue value, EvaluateNested(item, context, parameters));
      items.push_back(std::move(value));
    }
    return PyValue::List(std::move(items));
  }
  if (!compiled.constant.is_dict()) return compiled.constant;
  PyDict members;
  for (const auto& [key_node, value_node] : compiled.entries) {
    MR_ASSIGN_OR_RETURN(PyValue key, EvaluateNested(key_node, context, parameters));
    MR_ASSIGN_OR_RETURN(PyValue value, EvaluateNested(value_node, context, parameters));
    MR_RETURN_IF_ERROR(PyHashable(key));
    members.Set(std::move(key), std::move(value));
  }
  PyDict kept;  // a key that came twice may have lost its value to None
  for (const auto& [key, value] : members) {
    if (!value.is_none()) kept.Append(key, value);
  }
  return PyValue(std::move(kept));
}

}  // namespace

InterpolatedNestedMapping::InterpolatedNestedMapping(const PyValue& mapping, PyValue parameters)
    : compiled_(std::make_shared<CompiledNestedMapping>(CompileNested(mapping))),
      parameters_(std::move(parameters)) {}

Result<PyValue> InterpolatedNestedMapping::Evaluate(const InterpolationContext& context) const {
  if (compiled_ == nullptr) return PyValue();
  return EvaluateNested(*compiled_, context, parameters_);
}

}  // namespace millrace
