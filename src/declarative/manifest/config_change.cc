#include <utility>
#include <vector>

#include "declarative/jinja/interpolation.h"
#include "declarative/jinja/py_error.h"
#include "declarative/jinja/py_operators.h"
#include "declarative/jinja/py_path.h"
#include "declarative/manifest/config_rule.h"

namespace millrace {
namespace {

struct TypeName {
  std::string_view name;
  LiteralTypes types;
};
constexpr TypeName kValueTypes[] = {
    {"", LiteralTypes::kAny},
    {"string", LiteralTypes::kStr},
    {"number", LiteralTypes::kNumber},
    {"integer", LiteralTypes::kInteger},
    {"boolean", LiteralTypes::kBoolean},
};

LiteralTypes ValueTypes(std::string_view name) {
  for (const TypeName& known : kValueTypes) {
    if (known.name == name) return known.types;
  }
  return LiteralTypes::kAny;
}

/// The `condition` of a change: text that isn't empty.
struct ChangeCondition {
  static Result<ChangeCondition> Make(const Component& component) {
    MR_ASSIGN_OR_RETURN(const std::string text, component.TextOr("condition", ""));
    return ChangeCondition{!text.empty(), InterpolatedBoolean(PyValue(text), PyDict())};
  }
  Result<bool> Holds(const InterpolationContext& context) const {
    return there ? condition.Evaluate(context) : Result<bool>(true);
  }

  bool there = false;
  InterpolatedBoolean condition;
};

class ConfigAddFields final : public ConfigRewrite {
 public:
  static Result<std::unique_ptr<ConfigRewrite>> Make(const Component& component) {
    auto made = std::make_unique<ConfigAddFields>();
    MR_ASSIGN_OR_RETURN(made->condition_, ChangeCondition::Make(component));
    MR_ASSIGN_OR_RETURN(const std::vector<Component> fields, component.Children("fields"));
    for (const Component& field : fields) {
      Added added;
      MR_ASSIGN_OR_RETURN(const std::vector<std::string> path, field.TextList("path"));
      if (path.empty()) return field.FieldError("path", "must not be empty");
      added.path = PyPath(path);
      added.path_value = PyValue::List(PyList(path.begin(), path.end()));
      MR_ASSIGN_OR_RETURN(added.value, field.Template("value"));
      MR_ASSIGN_OR_RETURN(const std::string type, field.TextOr("value_type", ""));
      added.types = ValueTypes(type);
      made->fields_.push_back(std::move(added));
    }
    return std::unique_ptr<ConfigRewrite>(std::move(made));
  }

  Status Apply(const PyValue& config, const Clock& clock) const override {
    for (const Added& added : fields_) {
      InterpolationContext context(clock, config);
      // The value comes first, even of a field that the condition leaves out.
      MR_ASSIGN_OR_RETURN(const PyValue value, added.value.Evaluate(context, added.types));
      context.Set("value", value).Set("path", added.path_value);
      MR_ASSIGN_OR_RETURN(const bool holds, condition_.Holds(context));
      if (holds) MR_RETURN_IF_ERROR(added.path.SetNew(config, value));
    }
    return Status::Ok();
  }

 private:
  struct Added {
    PyPath path;
    PyValue path_value;
    InterpolatedString value;
    LiteralTypes types = LiteralTypes::kAny;
  };
  ChangeCondition condition_;
  std::vector<Added> fields_;
};

class ConfigRemapField final : public ConfigRewrite {
 public:
  static Result<std::unique_ptr<ConfigRewrite>> Make(const Component& component) {
    auto made = std::make_unique<ConfigRemapField>();
    const PyValue* map = component.Field("map");
    if (map == nullptr || !map->is_dict()) {
      return component.FieldError("map", "must be a mapping: a template can't be one here");
    }
    made->map_ = InterpolatedMapping(*map, PyDict());
    MR_ASSIGN_OR_RETURN(const std::vector<std::string> path, component.TextList("field_path"));
    if (path.empty()) return component.FieldError("field_path", "must not be empty");
    for (const std::string& key : path) made->path_.emplace_back(key, PyDict());
    return std::unique_ptr<ConfigRewrite>(std::move(made));
  }

  Status Apply(const PyValue& config, const Clock& clock) const override {
    const InterpolationContext context(clock, config);
    PyList path;
    for (const InterpolatedString& key : path_) {
      MR_ASSIGN_OR_RETURN(PyValue segment, key.Evaluate(context));
      MR_RETURN_IF_ERROR(PyHashable(segment));
      path.push_back(std::move(segment));
    }
    PyValue current = config;
    for (size_t i = 0; i + 1 < path.size(); ++i) {
      const PyValue* next = current.dict().Find(path[i]);
      if (next == nullptr || !next->is_dict()) return Status::Ok();
      current = PyValue(*next);
    }
    MR_ASSIGN_OR_RETURN(const PyValue map, map_.Evaluate(context));
    const PyValue* value = current.dict().Find(path.back());
    if (value == nullptr) return Status::Ok();
    MR_RETURN_IF_ERROR(PyHashable(*value));
    const PyValue* mapped = map.dict().Find(*value);
    if (mapped != nullptr) current.mutable_dict().Set(path.back(), PyValue(*mapped));
    return Status::Ok();
  }

 private:
  InterpolatedMapping map_;
  std::vector<InterpolatedString> path_;
};

class ConfigRemoveFields final : public ConfigRewrite {
 public:
  static Result<std::unique_ptr<ConfigRewrite>> Make(const Component& component) {
    auto made = std::make_unique<ConfigRemoveFields>();
    MR_ASSIGN_OR_RETURN(made->condition_, ChangeCondition::Make(component));
    const PyValue* pointers = component.Field("field_pointers");
    if (pointers == nullptr || !pointers->is_list()) {
      return component.FieldError("field_pointers", "must be a list of paths");
    }
    for (const PyValue& pointer : pointers->items()) {
      MR_ASSIGN_OR_RETURN(PyPath path, PyPath::Of(pointer));
      made->paths_.push_back(std::move(path));
    }
    return std::unique_ptr<ConfigRewrite>(std::move(made));
  }

  Status Apply(const PyValue& config, const Clock& clock) const override {
    MR_ASSIGN_OR_RETURN(const bool holds, condition_.Holds(InterpolationContext(clock, config)));
    if (!holds) return Status::Ok();
    for (const PyPath& path : paths_) {
      const Status status = path.Delete(config).status();
      if (!status.ok() && !IsPyError(status, "PathNotFound")) return status;
    }
    return Status::Ok();
  }

 private:
  ChangeCondition condition_;
  std::vector<PyPath> paths_;
};

struct ChangeMaker {
  std::string_view type;
  Result<std::unique_ptr<ConfigRewrite>> (*make)(const Component&);
};
constexpr ChangeMaker kMakers[] = {
    {"ConfigAddFields", &ConfigAddFields::Make},
    {"ConfigRemapField", &ConfigRemapField::Make},
    {"ConfigRemoveFields", &ConfigRemoveFields::Make},
};

}  // namespace

Result<std::unique_ptr<ConfigRewrite>> MakeConfigChange(const Component& component) {
  for (const ChangeMaker& maker : kMakers) {
    if (maker.type == component.type()) return maker.make(component);
  }
  return component.UnknownType("a change of the configuration");
}

}  // namespace millrace
