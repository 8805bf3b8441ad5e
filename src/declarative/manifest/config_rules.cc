#include "declarative/manifest/config_rules.h"

#include <optional>
#include <utility>

#include "declarative/jinja/py_operators.h"

namespace millrace {
namespace {

Status MakeChanges(const Component& parent, std::vector<std::unique_ptr<ConfigRewrite>>* changes) {
  MR_ASSIGN_OR_RETURN(const std::vector<Component> components, parent.Children("transformations"));
  for (const Component& component : components) {
    MR_ASSIGN_OR_RETURN(std::unique_ptr<ConfigRewrite> change, MakeConfigChange(component));
    changes->push_back(std::move(change));
  }
  return Status::Ok();
}

}  // namespace

Result<ConfigRules> ConfigRules::Make(const Manifest& manifest) {
  ConfigRules made;
  MR_ASSIGN_OR_RETURN(const std::optional<Component> spec, manifest.root().ChildIf("spec"));
  if (!spec.has_value()) return made;
  MR_ASSIGN_OR_RETURN(const std::optional<Component> rules,
                      spec->ChildIf("config_normalization_rules"));
  if (!rules.has_value()) return made;
  MR_ASSIGN_OR_RETURN(const std::vector<Component> migrations,
                      rules->Children("config_migrations"));
  for (const Component& migration : migrations) {
    MR_RETURN_IF_ERROR(MakeChanges(migration, &made.migrations_));
  }
  MR_RETURN_IF_ERROR(MakeChanges(*rules, &made.transformations_));
  MR_ASSIGN_OR_RETURN(const std::vector<Component> validations, rules->Children("validations"));
  for (const Component& validation : validations) {
    MR_ASSIGN_OR_RETURN(std::unique_ptr<ConfigValidator> validator,
                        MakeConfigValidator(validation));
    made.validations_.push_back(std::move(validator));
  }
  return made;
}

Result<ConfigRules::Migrated> ConfigRules::Migrate(const PyValue& config,
                                                   const Clock& clock) const {
  Migrated migrated{PyValue(PyDict(config.dict())), false};
  for (const std::unique_ptr<ConfigRewrite>& change : migrations_) {
    MR_RETURN_IF_ERROR(change->Apply(migrated.config, clock));
  }
  migrated.changed = !PyEqual(migrated.config, config);
  return migrated;
}

Status ConfigRules::Transform(const PyValue& config, const Clock& clock) const {
  for (const std::unique_ptr<ConfigRewrite>& change : transformations_) {
    MR_RETURN_IF_ERROR(change->Apply(config, clock));
  }
  return Status::Ok();
}

Status ConfigRules::Validate(const PyValue& config, const Clock& clock) const {
  for (const std::unique_ptr<ConfigValidator>& validation : validations_) {
    MR_RETURN_IF_ERROR(validation->Validate(config, clock));
  }
  return Status::Ok();
}

}  // namespace millrace
