#include "attempt/start_document.h"

#include <nlohmann/json.hpp>

namespace millrace {
namespace {

Json ToJson(const ResourceLimits& limits) {
  return Json{{"memory_bytes", limits.memory_bytes}, {"cpu_millicores", limits.cpu_millicores}};
}

ResourceLimits ResourceLimitsFromJson(const Json& json) {
  return {json.at("memory_bytes").get<int64_t>(), json.at("cpu_millicores").get<int64_t>()};
}

Json ToJson(const ConnectorProgram& program) {
  Json json{{"command", program.command},
            {"folder", program.folder},
            {"from_environment", program.from_environment},
            {"image", program.image},
            {"environment", program.environment},
            {"limits", ToJson(program.limits)},
            {"config_fits", program.config_fits},
            {"stall_seconds", program.stall_seconds},
            {"keep_undeclared", program.keep_undeclared}};
  if (program.specification) json["specification"] = **program.specification;
  return json;
}

ConnectorProgram ProgramFromJson(const Json& json) {
  ConnectorProgram program;
  program.command = json.at("command").get<std::vector<std::string>>();
  program.folder = json.at("folder").get<std::string>();
  program.from_environment = json.at("from_environment").get<std::set<std::string>>();
  program.image = json.at("image").get<std::string>();
  program.environment = json.at("environment").get<std::map<std::string, std::string>>();
  program.config_fits = json.at("config_fits").get<bool>();
  program.stall_seconds = json.at("stall_seconds").get<int64_t>();
  program.keep_undeclared = json.at("keep_undeclared").get<bool>();
  if (json.contains("specification")) program.specification = JsonValue(json["specification"]);
  program.limits = ResourceLimitsFromJson(json.at("limits"));
  return program;
}

Json ToJson(const ConnectorConfig& connector) {
  Json json{{"name", connector.name}, {"config", *connector.config}};
  if (connector.program) json["program"] = ToJson(*connector.program);
  return json;
}

std::optional<ConnectorConfig> ConnectorFromJson(const Json& json, const char* key) {
  if (!json.contains(key)) return std::nullopt;
  const Json& connector = json[key];
  ConnectorConfig config{connector.at("name").get<std::string>(), connector.at("config"), {}};
  if (connector.contains("program")) config.program = ProgramFromJson(connector["program"]);
  return config;
}

Json ToJson(const ParentAddress& parent) {
  return Json{{"socket_path", parent.socket_path}, {"url", parent.url},
              {"ca_bundle", parent.ca_bundle},     {"job", parent.job},
              {"number", parent.number},           {"token", parent.token}};
}

ParentAddress ParentAddressFromJson(const Json& json) {
  return {.socket_path = json.at("socket_path").get<std::string>(),
          .url = json.at("url").get<std::string>(),
          .ca_bundle = json.at("ca_bundle").get<std::string>(),
          .job = json.at("job").get<int64_t>(),
          .number = json.at("number").get<int64_t>(),
          .token = json.at("token").get<std::string>()};
}

}  // namespace

Json ToJson(const SavedState& saved) {
  return Json{
      {"epoch", saved.epoch}, {"checkpoint", saved.checkpoint}, {"states", ToJson(saved.state)}};
}

Result<SavedState> SavedStateFromJson(const Json& json) {
  SavedState saved;
  try {
    saved.epoch = json.at("epoch").get<std::string>();
    saved.checkpoint = json.at("checkpoint").get<CheckpointId>();
    MR_ASSIGN_OR_RETURN(saved.state, StateFromJson(json.at("states")));
  } catch (const Json::exception& error) {
    return SystemError("a saved state that is none: {}", error.what());
  }
  return saved;
}

Json ToJson(const StartDocument& document) {
  Json json{{"task", document.task},
            {"connection", document.connection},
            {"config_path", document.config_path},
            {"attempt", document.attempt},
            {"fencing_token", document.fencing_token},
            {"saved", ToJson(document.saved)},
            {"metadata", document.metadata},
            {"normalization", document.normalization},
            {"raw_tables", document.raw_tables},
            {"number_format", document.number_format},
            {"commit_interval_ms", document.commit_interval.count()},
            {"merge_interval_ms", document.merge_interval.count()},
            {"writer_lanes", document.writer_lanes},
            {"verbose", document.verbose},
            {"limits", ToJson(document.limits)}};
  if (document.parent) json["parent"] = ToJson(*document.parent);
  if (document.rules) {
    json["rules"] = {{"files_dir", document.rules->files_dir},
                     {"allow_link_local", document.rules->allow_link_local}};
  }
  if (document.source) json["source"] = ToJson(*document.source);
  if (document.destination) json["destination"] = ToJson(*document.destination);
  if (document.catalog) json["catalog"] = ToJson(*document.catalog);
  return json;
}

Result<StartDocument> StartDocumentFromJson(const Json& json) {
  StartDocument document;
  try {
    document.task = json.at("task").get<std::string>();
    document.connection = json.at("connection").get<std::string>();
    document.config_path = json.at("config_path").get<std::string>();
    document.attempt = json.at("attempt").get<int64_t>();
    document.fencing_token = json.at("fencing_token").get<int64_t>();
    document.metadata = json.at("metadata").get<std::string>();
    document.normalization = json.at("normalization").get<std::string>();
    document.raw_tables = json.at("raw_tables").get<bool>();
    document.number_format = json.at("number_format").get<std::string>();
    document.commit_interval =
        std::chrono::milliseconds(json.at("commit_interval_ms").get<int64_t>());
    document.merge_interval =
        std::chrono::milliseconds(json.at("merge_interval_ms").get<int64_t>());
    document.writer_lanes = json.at("writer_lanes").get<int>();
    document.verbose = json.at("verbose").get<bool>();
    document.limits = ResourceLimitsFromJson(json.at("limits"));
    if (json.contains("parent")) document.parent = ParentAddressFromJson(json["parent"]);
    if (json.contains("rules")) {
      document.rules = {json["rules"].at("files_dir").get<std::string>(),
                        json["rules"].at("allow_link_local").get<bool>()};
    }
    document.source = ConnectorFromJson(json, "source");
    document.destination = ConnectorFromJson(json, "destination");
    MR_ASSIGN_OR_RETURN(document.saved, SavedStateFromJson(json.at("saved")));
    if (json.contains("catalog")) {
      MR_ASSIGN_OR_RETURN(document.catalog, ConfiguredCatalogFromJson(json["catalog"]));
    }
  } catch (const Json::exception& error) {
    return SystemError("a start document that is none: {}", error.what());
  }
  return document;
}

}  // namespace millrace
