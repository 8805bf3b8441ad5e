#pragma once

#include "base/result.h"
#include "declarative/jinja/py_value.h"
#include "declarative/manifest/component.h"
#include "declarative/manifest/engine_environment.h"

namespace millrace {

/// ParentFieldPath: a value of an expanded record that each of its items gets. A plain value,
/// const.
class ParentField {
 public:
  static Result<ParentField> Make(const Component& component, const EngineEnvironment& environment);

  /// Puts a copy of the parent's value (None when it has none) into the item. A config error: the
  /// item has something else than an object on the way.
  Status CopyOnto(const PyValue& parent, const PyValue& item) const;

 private:
  PyList parent_path_, record_path_;
};

}  // namespace millrace
