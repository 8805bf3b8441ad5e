#pragma once

#include <memory>

#include "base/clock.h"
#include "base/result.h"
#include "declarative/jinja/py_value.h"
#include "declarative/manifest/component.h"

namespace millrace {

/// A change that a manifest makes to its configuration: ConfigAddFields, ConfigRemapField,
/// ConfigRemoveFields. Const; used by one thread, before anything is built.
class ConfigRewrite {
 public:
  virtual ~ConfigRewrite() = default;
  /// `config` is a dict and is changed in place, as far down as the change reaches.
  virtual Status Apply(const PyValue& config, const Clock& clock) const = 0;
};

Result<std::unique_ptr<ConfigRewrite>> MakeConfigChange(const Component& component);

/// What a manifest demands of its configuration: DpathValidator, PredicateValidator. Const.
class ConfigValidator {
 public:
  virtual ~ConfigValidator() = default;
  /// A ValueError (PyError) when the configuration isn't as it must be.
  virtual Status Validate(const PyValue& config, const Clock& clock) const = 0;
};

Result<std::unique_ptr<ConfigValidator>> MakeConfigValidator(const Component& component);

}  // namespace millrace
