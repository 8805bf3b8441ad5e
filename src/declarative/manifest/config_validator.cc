#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "declarative/jinja/interpolation.h"
#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_json.h"
#include "declarative/jinja/py_path.h"
#include "declarative/manifest/config_rule.h"
#include "declarative/manifest/json_schema.h"

namespace millrace {
namespace {

/// ValidateAdheresToSchema: text is read as JSON before it is held against the schema.
Status AdheresToSchema(const PyValue& schema, const PyValue& value) {
  PyValue held = value;
  if (value.is_str()) {
    Result<PyValue> parsed = ParsePyJson(value.str(), PyJsonDialect::kPython);
    if (!parsed.ok()) {
      return PyError("ValueError", fmt::format("Invalid JSON string: {}", value.str()));
    }
    held = *std::move(parsed);
  }
  const Status status = CheckJsonSchema(schema, held);
  if (status.ok()) return status;
  return PyError("ValueError",
                 fmt::format("JSON schema validation error: {}", status.error().message));
}

class DpathValidator final : public ConfigValidator {
 public:
  static Result<std::unique_ptr<ConfigValidator>> Make(const Component& component, PyValue schema) {
    auto made = std::make_unique<DpathValidator>();
    made->schema_ = std::move(schema);
    MR_ASSIGN_OR_RETURN(const std::vector<std::string> path, component.TextList("field_path"));
    for (const std::string& key : path) made->path_.emplace_back(key, PyDict());
    return std::unique_ptr<ConfigValidator>(std::move(made));
  }

  Status Validate(const PyValue& config, const Clock& clock) const override {
    const PyValue nothing{PyDict()};  // templates in the path see no configuration
    const InterpolationContext context(clock, nothing);
    PyList segments;
    bool star = false;
    for (const InterpolatedString& key : path_) {
      MR_ASSIGN_OR_RETURN(PyValue segment, key.Evaluate(context));
      star |= segment.is_str() && segment.str() == "*";
      segments.push_back(std::move(segment));
    }
    if (segments.empty()) return PyError("ValueError", "Field path is empty");
    const PyPath path(segments);
    if (star) {
      MR_ASSIGN_OR_RETURN(const PyList values, path.Values(config));
      for (const PyValue& value : values) MR_RETURN_IF_ERROR(AdheresToSchema(schema_, value));
      return Status::Ok();
    }
    const Result<PyValue> value = path.Get(config);
    if (IsPyError(value.status(), "KeyError")) return Status::Ok();  // nothing to hold against it
    if (!value.ok()) return value.status();
    return AdheresToSchema(schema_, *value);
  }

 private:
  std::vector<InterpolatedString> path_;
  PyValue schema_;
};

/// The CDK calls it with an argument that it doesn't take: it refuses every configuration.
class PredicateValidator final : public ConfigValidator {
 public:
  Status Validate(const PyValue&, const Clock&) const override {
    return PyError("TypeError",
                   "PredicateValidator.validate() takes 1 positional argument but 2 were given");
  }
};

}  // namespace

Result<std::unique_ptr<ConfigValidator>> MakeConfigValidator(const Component& component) {
  MR_ASSIGN_OR_RETURN(const Component strategy, component.Child("validation_strategy"));
  if (strategy.type() != "ValidateAdheresToSchema") {
    return strategy.UnknownType("a validation strategy");
  }
  const PyValue* schema = strategy.Field("base_schema");
  if (schema == nullptr) return strategy.FieldError("base_schema", "is missing");
  if (component.type() == "DpathValidator") return DpathValidator::Make(component, *schema);
  if (component.type() == "PredicateValidator") {
    return std::unique_ptr<ConfigValidator>(std::make_unique<PredicateValidator>());
  }
  return component.UnknownType("a validation of the configuration");
}

}  // namespace millrace
