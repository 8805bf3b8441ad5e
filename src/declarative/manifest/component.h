#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "declarative/jinja/interpolation.h"
#include "declarative/jinja/py_value.h"

namespace millrace {

/// A node of a resolved manifest that something is built from: a dict with `type`. Its getters
/// return config errors that say which component, which field and which line. A cheap value that
/// shares the manifest.
class Component {
 public:
  /// `node` is a dict. `path` tells where it stands ("streams.0.retriever").
  Component(PyValue node, std::string path);

  std::string_view type() const;
  int line() const { return node_.line(); }
  const std::string& path() const { return path_; }
  const PyValue& node() const { return node_; }
  /// The `$parameters` of this component: a dict, maybe empty.
  const PyValue& parameters() const { return parameters_; }

  /// The field as it stands; null when it is missing or null.
  const PyValue* Field(std::string_view name) const;
  bool Has(std::string_view name) const { return Field(name) != nullptr; }

  // Typed; a value of another kind is an error. The ones with a default take it when it's missing.
  Result<std::string> Text(std::string_view name) const;
  Result<std::string> TextOr(std::string_view name, std::string_view missing) const;
  Result<bool> BoolOr(std::string_view name, bool missing) const;
  Result<int64_t> IntOr(std::string_view name, int64_t missing) const;
  Result<std::vector<std::string>> TextList(std::string_view name) const;  ///< [] when missing
  /// Text, numbers and bools become templates of their text; empty when it's missing.
  Result<InterpolatedString> Template(std::string_view name, std::string_view missing = {}) const;
  Result<InterpolatedBoolean> Condition(std::string_view name) const;  ///< missing: false

  /// The component in that field: an error when it's missing.
  Result<Component> Child(std::string_view name) const;
  Result<std::optional<Component>> ChildIf(std::string_view name) const;
  /// One component or a list of them; [] when it's missing.
  Result<std::vector<Component>> Children(std::string_view name) const;

  /// "HttpRequester at line 12 (streams.0.retriever.requester): …", a config error.
  Status Error(std::string_view what) const;
  Status FieldError(std::string_view name, std::string_view what) const;
  /// That this type is none that is known here, or (a system error) a custom Python class.
  Status UnknownType(std::string_view expected) const;

 private:
  std::string ChildPath(std::string_view name) const;
  Status WrongKind(std::string_view name, std::string_view expected) const;

  PyValue node_;
  PyValue parameters_;
  std::string path_;
};

}  // namespace millrace
