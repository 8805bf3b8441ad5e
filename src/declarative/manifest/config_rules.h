#pragma once

#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "declarative/jinja/py_value.h"
#include "declarative/manifest/config_rule.h"
#include "declarative/manifest/manifest.h"

namespace millrace {

/// The config_normalization_rules of a manifest's Spec. Made when the manifest is loaded; used in
/// this order, by one thread: Migrate, Transform, and, when streams are built, Validate.
class ConfigRules {
 public:
  /// Config errors for rules that can't be made (custom Python classes among them).
  static Result<ConfigRules> Make(const Manifest& manifest);

  struct Migrated {
    PyValue config;
    /// Whether it is another one than before: the user's file is to be rewritten and a CONTROL
    /// message to be sent. Changes deeper than the first level are made in the caller's dicts, too,
    /// and don't count, as in the CDK.
    bool changed = false;
  };
  /// Of a configuration that isn't empty.
  Result<Migrated> Migrate(const PyValue& config, const Clock& clock) const;
  /// Changes the configuration in place, for this run only.
  Status Transform(const PyValue& config, const Clock& clock) const;
  /// The first failure of a validation: a PyError.
  Status Validate(const PyValue& config, const Clock& clock) const;

  bool has_migrations() const { return !migrations_.empty(); }

 private:
  std::vector<std::unique_ptr<ConfigRewrite>> migrations_, transformations_;
  std::vector<std::unique_ptr<ConfigValidator>> validations_;
};

}  // namespace millrace
