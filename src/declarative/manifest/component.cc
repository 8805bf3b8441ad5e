#include "declarative/manifest/component.h"

#include <fmt/format.h>

#include <utility>

#include "declarative/manifest/value_kind.h"

namespace millrace {

Component::Component(PyValue node, std::string path)
    : node_(std::move(node)), path_(std::move(path)) {
  const PyValue* parameters = node_.Find("$parameters");
  parameters_ = parameters != nullptr && parameters->is_dict() ? *parameters : PyValue(PyDict());
}

std::string_view Component::type() const {
  const PyValue* type = node_.Find("type");
  return type != nullptr && type->is_str() ? std::string_view(type->str()) : std::string_view();
}

const PyValue* Component::Field(std::string_view name) const {
  const PyValue* field = node_.Find(name);
  return field == nullptr || field->is_none() ? nullptr : field;
}

Result<std::string> Component::Text(std::string_view name) const {
  const PyValue* field = Field(name);
  if (field == nullptr) return FieldError(name, "is missing");
  if (!field->is_str()) return WrongKind(name, "text");
  return field->str();
}

Result<std::string> Component::TextOr(std::string_view name, std::string_view missing) const {
  if (!Has(name)) return std::string(missing);
  return Text(name);
}

Result<bool> Component::BoolOr(std::string_view name, bool missing) const {
  const PyValue* field = Field(name);
  if (field == nullptr) return missing;
  if (!field->is_bool()) return WrongKind(name, "true or false");
  return field->as_bool();
}

Result<int64_t> Component::IntOr(std::string_view name, int64_t missing) const {
  const PyValue* field = Field(name);
  if (field == nullptr) return missing;
  // JSON's whole numbers, as validation sees them: 5.0 is one.
  if (field->is_float() && field->as_float() >= -9e15 && field->as_float() <= 9e15 &&
      field->as_float() == static_cast<double>(static_cast<int64_t>(field->as_float()))) {
    return static_cast<int64_t>(field->as_float());
  }
  if (!field->is_int()) return WrongKind(name, "a whole number");
  return field->as_int();
}

Result<std::vector<std::string>> Component::TextList(std::string_view name) const {
  std::vector<std::string> texts;
  const PyValue* field = Field(name);
  if (field == nullptr) return texts;
  if (!field->is_list()) return WrongKind(name, "a list of texts");
  for (const PyValue& item : field->items()) {
    if (!item.is_str()) {
      return FieldError(name, fmt::format("must hold texts only, not {}", ValueKind(item)));
    }
    texts.push_back(item.str());
  }
  return texts;
}

Result<Component> Component::Child(std::string_view name) const {
  const PyValue* field = Field(name);
  if (field == nullptr) return FieldError(name, "is missing");
  if (!field->is_dict()) return WrongKind(name, "a component");
  return Component(*field, ChildPath(name));
}

Result<std::optional<Component>> Component::ChildIf(std::string_view name) const {
  if (!Has(name)) return std::optional<Component>();
  MR_ASSIGN_OR_RETURN(Component child, Child(name));
  return std::optional<Component>(std::move(child));
}

Result<std::vector<Component>> Component::Children(std::string_view name) const {
  std::vector<Component> children;
  const PyValue* field = Field(name);
  if (field == nullptr) return children;
  if (field->is_dict()) {
    children.emplace_back(*field, ChildPath(name));
    return children;
  }
  if (!field->is_list()) return WrongKind(name, "a component or a list of them");
  for (const PyValue& item : field->items()) {
    if (!item.is_dict()) {
      return FieldError(name, fmt::format("must hold components only, not {}", ValueKind(item)));
    }
    children.emplace_back(item, fmt::format("{}.{}", ChildPath(name), children.size()));
  }
  return children;
}

Status Component::Error(std::string_view what) const {
  const std::string_view named = type().empty() ? "a component without type" : type();
  const std::string line = this->line() > 0 ? fmt::format(" at line {}", this->line()) : "";
  const std::string path = path_.empty() ? "" : fmt::format(" ({})", path_);
  return ConfigError("{}{}{}: {}", named, line, path, what);
}

Status Component::FieldError(std::string_view name, std::string_view what) const {
  return Error(fmt::format("{} {}", name, what));
}

Status Component::UnknownType(std::string_view expected) const {
  if (type().starts_with("Custom")) {
    // A system error, as in Airbyte, where its import fails.
    return SystemError("{}", Error("is a custom Python class: this connector must run as managed "
                                   "Python (millrace connectors install …)")
                                 .error()
                                 .message);
  }
  if (type().empty()) return Error(fmt::format("type is missing: {} is expected here", expected));
  return Error(fmt::format("is not known as {}", expected));
}

std::string Component::ChildPath(std::string_view name) const {
  return path_.empty() ? std::string(name) : fmt::format("{}.{}", path_, name);
}

Status Component::WrongKind(std::string_view name, std::string_view expected) const {
  return FieldError(name, fmt::format("must be {}, not {}", expected, ValueKind(*Field(name))));
}

}  // namespace millrace
