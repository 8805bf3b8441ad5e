#include "server/config_api/builder_read_calls.h"

#include <nlohmann/json.hpp>

#include "control/schema/sync_catalog.h"
#include "control/secrets/config_references.h"
#include "server/config_api/builder_project_calls.h"
#include "server/config_api/builder_values.h"
#include "server/config_api/request_fields.h"

namespace millrace {
namespace {

/// A limit of a request, its name in the process's, and what it may be.
struct BuilderLimit {
  const char* field;
  const char* name;
  int64_t usual, most;
};
constexpr BuilderLimit kReadLimits[] = {{"recordLimit", "records", 1'000, 10'000},
                                        {"pageLimit", "pages", 5, 20},
                                        {"sliceLimit", "slices", 5, 20}};
constexpr BuilderLimit kStreamLimit = {"streamLimit", "streams", 5, 100};

std::optional<ApiReply> TakeLimit(const Json& body, const BuilderLimit& limit, Json* request) {
  const Json& said = FieldOf(body, limit.field);
  const bool whole = said.is_number_integer() && said >= 1 && said <= limit.most;
  if (!said.is_null() && !whole) {
    return Unprocessable(limit.field, fmt::format("{} must be a whole number from 1 to {}",
                                                  limit.field, limit.most));
  }
  (*request)[limit.name] = said.is_null() ? Json(limit.usual) : said;
  return std::nullopt;
}

std::optional<ApiReply> WrongManifest(const Json& body) {
  const Json& manifest = FieldOf(body, "manifest");
  if (!manifest.is_object() && !manifest.is_string()) {
    return Unprocessable("manifest",
                         "manifest must be an object, or the text of a manifest in YAML");
  }
  const Json& code = FieldOf(body, "customComponentsCode");
  if (code.is_string() && code != "") {
    return Unprocessable("customComponentsCode",
                         "customComponentsCode is Python: the builder here runs none of it");
  }
  return std::nullopt;
}

/// As the process gets them, or why it can't.
Result<Json> UsableValues(const Services& services, const BuilderProject& project) {
  MR_ASSIGN_OR_RETURN(const Json values, OpenedTestingValues(services, project));
  return ResolvedReferences(TestingSpecification(project), values, ServerEnvironment());
}

ApiReply SaidManifest(const BuilderProbe::Answer& answer) {
  if (answer.refused) return *answer.refused;
  return {200, Json{{"manifest", FieldOf(*answer.result, "manifest")}}};
}

}  // namespace

ApiReply BuilderReadCalls::Resolve(const Json& body) const {
  if (auto wrong = WrongManifest(body)) return *wrong;
  return SaidManifest(probe_.Run({"resolve_manifest", body["manifest"], {}, {}, {}}));
}

ApiReply BuilderReadCalls::FullResolve(const Json& body) const {
  if (auto wrong = WrongManifest(body)) return *wrong;
  Json request = Json::object();
  if (auto wrong = TakeLimit(body, kStreamLimit, &request)) return *wrong;
  if (TextOf(body, "builderProjectId").empty()) {
    return SaidManifest(probe_.Run({"full_resolve_manifest", body["manifest"], {}, request, {}}));
  }
  return WithBuilderProject(services_, body, [&](const BuilderProject& project) {
    const auto values = UsableValues(services_, project);
    if (!values.ok()) return Failure(values.status());
    return SaidManifest(probe_.Run({"full_resolve_manifest", body["manifest"], *values, request,
                                    ProjectKeeps(services_, project)}));
  });
}

ApiReply BuilderReadCalls::ReadStream(const Json& body) const {
  if (auto wrong = WrongManifest(body)) return *wrong;
  const std::string stream = TextOf(body, "streamName");
  if (stream.empty()) return Unprocessable("streamName", "streamName is missing");
  Json request{{"stream", stream}};
  for (const BuilderLimit& limit : kReadLimits) {
    if (auto wrong = TakeLimit(body, limit, &request)) return *wrong;
  }
  request["state"] = FieldOf(body, "state");
  return WithBuilderProject(services_, body, [&](const BuilderProject& project) {
    const auto values = UsableValues(services_, project);
    if (!values.ok()) return Failure(values.status());
    const auto answer = probe_.Run(
        {"read_stream", body["manifest"], *values, request, ProjectKeeps(services_, project)});
    if (answer.refused) return *answer.refused;
    Json read = *answer.result;
    if (const auto update = read.find("latest_config_update"); update != read.end()) {
      *update = ShownTestingValues(project, *update);
    }
    return ApiReply{200, std::move(read)};
  });
}

}  // namespace millrace
