#include "server/config_api/builder_values.h"

#include <nlohmann/json.hpp>

#include "control/schema/sync_catalog.h"
#include "control/secrets/config_mask.h"

namespace millrace {

Result<Json> OpenedTestingValues(const Services& services, const BuilderProject& project) {
  if (project.sealed_testing_values.empty()) return Json::object();
  MR_ASSIGN_OR_RETURN(const std::string text, services.box.Open(project.sealed_testing_values));
  Json values = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!values.is_object()) {
    return SystemError("the testing values of {} are damaged", project.name);
  }
  return values;
}

Json TestingSpecification(const BuilderProject& project) {
  const Json& document = *project.document;
  if (const Json& said = FieldOf(document, "testingSpec"); said.is_object()) return said;
  const Json& draft = FieldOf(document, "draftManifest");
  const Json& spec = draft.is_object() ? FieldOf(draft, "spec") : draft;
  if (!spec.is_object()) return Json::object();
  const Json& schema = FieldOf(spec, "connection_specification");
  return schema.is_object() ? schema : Json::object();
}

Json ShownTestingValues(const BuilderProject& project, const Json& values) {
  const Json specification = TestingSpecification(project);
  return specification.empty() ? MaskTexts(values) : MaskSecrets(specification, values);
}

KeepConfig ProjectKeeps(const Services& services, const BuilderProject& project) {
  return [services, workspace = project.workspace_id, id = project.id](const ConfigChange& change) {
    return services.database.Write([&](SqlTransaction& transaction) -> Status {
      MR_ASSIGN_OR_RETURN(auto stored, FindBuilderProject(transaction, workspace, id));
      if (!stored) return Status::Ok();
      MR_ASSIGN_OR_RETURN(const Json values, OpenedTestingValues(services, *stored));
      const Json changed = WithChange(values, change);
      if (changed == values) return Status::Ok();
      stored->sealed_testing_values =
          services.box.Seal(changed.dump(-1, ' ', false, Json::error_handler_t::replace));
      return UpdateBuilderProject(transaction, *stored);
    });
  };
}

}  // namespace millrace
