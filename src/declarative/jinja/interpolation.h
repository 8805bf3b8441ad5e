#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "declarative/jinja/py_value.h"

namespace millrace {

class CompiledTemplate;  // compiled_template.h
struct CompiledNestedMapping;

/// The variables that a template may name. All are borrowed for the time of one evaluation: cheap
/// to make for every record. A name that isn't there is an error of whoever uses it (ValueError).
class InterpolationContext {
 public:
  static constexpr size_t kVariablesMax = 12;

  InterpolationContext(const Clock& clock, const PyValue& config) : clock_(&clock) {
    Set("config", config);
  }

  /// `name` is a literal and `value` outlives the context. "stream_slice" is also found as
  /// stream_interval and stream_partition. Replaces an earlier value of the name. At most
  /// kVariablesMax names.
  InterpolationContext& Set(std::string_view name, const PyValue& value);
  /// The members of this dict (it outlives the context) are variables, too, and come first: what a
  /// slice's extra fields are to requests.
  InterpolationContext& SetMembers(const PyValue& dict) {
    members_ = &dict;
    return *this;
  }
  const PyValue* Find(std::string_view name) const;
  const Clock& clock() const { return *clock_; }

 private:
  const Clock* clock_;
  std::array<std::pair<std::string_view, const PyValue*>, kVariablesMax> variables_{};
  size_t size_ = 0;
  const PyValue* members_ = nullptr;
};

/// Which results of the literal step an evaluation keeps; any other stays the rendered text.
enum class LiteralTypes : uint8_t {
  kAny,        ///< everything but complex numbers
  kStr,        ///< only what is text in quotes; keys, AddFields' value_type: string
  kStrOrList,  ///< request parameters and form bodies
  kNumber,     ///< AddFields' value_type: number (floats; an int stays text)
  kInteger,    ///< ints and bools
  kBoolean,
};

/// One template: rendered, then read as a Python literal where it is one ("12" becomes 12). Text
/// without a template is its own value, but goes through the literal step as well. Compiled once;
/// const and usable from any thread. `$parameters` are the `parameters` variable.
class InterpolatedString {
 public:
  InterpolatedString() = default;
  /// A template that doesn't parse fails when it is evaluated, as in the CDK (TemplateSyntaxError).
  /// `default_text` is evaluated when the result is empty or undefined; empty: the same text.
  InterpolatedString(std::string text, PyValue parameters, std::string default_text = {});

  Result<PyValue> Evaluate(const InterpolationContext& context,
                           LiteralTypes types = LiteralTypes::kAny) const;
  /// Python's str() of the result.
  Result<std::string> EvaluateText(const InterpolationContext& context) const;

  const std::string& text() const;
  bool empty() const { return text().empty(); }
  /// Whether nothing in it is to be rendered.
  bool is_plain() const;

 private:
  std::shared_ptr<const CompiledTemplate> main_, default_;
  PyValue parameters_;
};

/// A condition. False for what interpolates to one of the CDK's false values (False, "false", "0",
/// 0, none, nothing, an empty list, …), true for everything else.
class InterpolatedBoolean {
 public:
  InterpolatedBoolean() = default;
  /// `condition` is text or a bool.
  InterpolatedBoolean(const PyValue& condition, PyValue parameters);
  Result<bool> Evaluate(const InterpolationContext& context) const;

 private:
  PyValue constant_;  ///< a bool, or None: it's the text that counts
  InterpolatedString text_;
};

/// A flat dict whose keys and values (where they are text) are templates.
class InterpolatedMapping {
 public:
  InterpolatedMapping() = default;
  InterpolatedMapping(const PyValue& mapping, PyValue parameters);
  /// A dict, in which what came to nothing is None. `types` holds for the values, `key_types` for
  /// the keys (request headers: kAny).
  Result<PyValue> Evaluate(const InterpolationContext& context,
                           LiteralTypes types = LiteralTypes::kAny,
                           LiteralTypes key_types = LiteralTypes::kStr) const;
  bool empty() const { return entries_.empty(); }

 private:
  /// A key or value: a template, or (without one) what it says.
  struct Part {
    std::shared_ptr<const CompiledTemplate> compiled;
    PyValue constant;
  };
  static Part PartOf(const PyValue& value);
  Result<PyValue> Evaluate(const Part& part, const InterpolationContext& context,
                           LiteralTypes types) const;

  std::vector<std::pair<Part, Part>> entries_;
  PyValue parameters_;
};

/// Any nesting of dicts and lists whose texts are templates; members that come to None are left
/// out of dicts.
class InterpolatedNestedMapping {
 public:
  InterpolatedNestedMapping() = default;
  InterpolatedNestedMapping(const PyValue& mapping, PyValue parameters);
  Result<PyValue> Evaluate(const InterpolationContext& context) const;

 private:
  std::shared_ptr<const CompiledNestedMapping> compiled_;
  PyValue parameters_;
};

}  // namespace millrace
