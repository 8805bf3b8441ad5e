#include "cli/connection_file.h"

#include <nlohmann/json.hpp>

#include "base/file_io.h"
#include "cli/schedule.h"
#include "cli/stream_selection.h"
#include "cli/yaml_section.h"
#include "control/resources/resource_requirements.h"

namespace millrace {
namespace {

const std::vector<std::string> kKeys = {"name",
                                        "source",
                                        "destination",
                                        "streams",
                                        "destination_namespace",
                                        "prefix",
                                        "normalization",
                                        "raw_tables",
                                        "metadata",
                                        "number_format",
                                        "undeclared_fields",
                                        "commit_interval",
                                        "merge_interval",
                                        "writer_lanes",
                                        "schedule"};

/// Airbyte's maxSecondsBetweenMessages.
constexpr const char* kMaxSilence = "max_seconds_between_messages";

/// The ways to name an end.
constexpr const char* kNamings[] = {"type", "image", "manifest", "command"};

/// A number from 1 to `most`; nothing when the key is not given. `or_else`: what else may stand.
Result<std::optional<int64_t>> WholeNumber(const YamlSection& section, const std::string& key,
                                           int64_t most, std::string_view or_else = "") {
  const Json* value = section.Find(key);
  if (value == nullptr) return std::optional<int64_t>();
  // "${LANES}" arrives as a text.
  const Json number =
      value->is_string() ? Json::parse(value->get<std::string>(), nullptr, false) : *value;
  if (!number.is_number_integer() || number.get<int64_t>() < 1 || number.get<int64_t>() > most) {
    return section.ErrorAt(
        key, fmt::format("{} must be {}a whole number from 1 to {}", key, or_else, most));
  }
  return std::optional<int64_t>(number.get<int64_t>());
}

/// The one of kNamings that the end has.
Result<std::string> NamingOf(const YamlSection& section, const YamlDocument& document,
                             const std::string& key) {
  std::string naming;
  for (const char* candidate : kNamings) {
    if (section.Find(candidate) == nullptr) continue;
    if (!naming.empty()) {
      return section.ErrorAt(candidate, fmt::format("{} has both {} and {}; only one names it", key,
                                                    naming, candidate));
    }
    naming = candidate;
  }
  if (!naming.empty()) return naming;
  return document.ErrorAt("/" + key, key + " needs a type, the connector's name");
}

/// `command: [PROGRAM, ARG, …]`; empty when the end has none.
Result<std::vector<std::string>> ReadCommand(const YamlSection& section, const std::string& key) {
  std::vector<std::string> command;
  const Json* const value = section.Find("command");
  if (value == nullptr) return command;
  for (const Json& part : value->is_array() ? *value : Json::array()) {
    if (part.is_string()) command.push_back(part.get<std::string>());
  }
  if (command.empty() || command.size() != value->size() || command[0].empty()) {
    return section.ErrorAt("command",
                           key + ".command must be a list of texts: [PROGRAM, ARGUMENT, …]");
  }
  return command;
}

/// `resources: {memory_limit: 512Mi, cpu_limit: "1"}`, as Airbyte writes them.
Result<ResourceLimits> ReadResources(const YamlSection& section, const std::string& key) {
  const Json* const value = section.Find("resources");
  if (value == nullptr) return ResourceLimits();
  const auto read = RequirementsFromJson(*value, key + ".resources");
  if (!read.ok()) return section.ErrorAt("resources", read.status().ToString());
  return ResourceLimits{read->memory_limit.value_or(0), read->cpu_limit.value_or(0)};
}

Result<std::chrono::seconds> ReadMaxSilence(const YamlSection& section) {
  constexpr int64_t kSecondsMax = 7 * 24 * 3600;
  MR_ASSIGN_OR_RETURN(const auto seconds, WholeNumber(section, kMaxSilence, kSecondsMax));
  return std::chrono::seconds(seconds.value_or(0));
}

Result<std::optional<ConnectionEnd>> ReadEnd(const YamlDocument& document, const std::string& key) {
  const auto found = document.root().find(key);
  if (found == document.root().end() || found->is_null()) return std::optional<ConnectionEnd>();
  MR_ASSIGN_OR_RETURN(const YamlSection section, YamlSection::At(document, "/" + key));
  MR_RETURN_IF_ERROR(section.AllowOnly(
      {"type", "version", "config", "manifest", "image", "command", "resources", kMaxSilence}));
  MR_ASSIGN_OR_RETURN(const std::string naming, NamingOf(section, document, key));
  ConnectionEnd end;
  end.place = section.PlaceOf(naming);
  MR_ASSIGN_OR_RETURN(end.command, ReadCommand(section, key));
  for (const auto& [name, text] :
       {std::pair("type", &end.type), std::pair("version", &end.version),
        std::pair("image", &end.image), std::pair("manifest", &end.manifest)}) {
    MR_ASSIGN_OR_RETURN(const auto value, section.Text(name));
    *text = value.value_or("");
    if (value && value->empty()) return section.ErrorAt(name, fmt::format("{} is empty", name));
  }
  if (!end.version.empty() && naming != "type") {
    return section.ErrorAt("version", key + ".version is of a type; this one has none");
  }
  MR_ASSIGN_OR_RETURN(end.limits, ReadResources(section, key));
  MR_ASSIGN_OR_RETURN(end.max_silence, ReadMaxSilence(section));
  const Json* config = section.Find("config");
  if (config != nullptr && !config->is_object()) {
    return section.ErrorAt("config", key + ".config must be a mapping (lines of key: value)");
  }
  if (config != nullptr) end.config = JsonValue(*config);
  end.from_environment = document.FromEnvironmentBelow(section.PointerOf("config"));
  return std::optional<ConnectionEnd>(std::move(end));
}

Status ReadStreams(const YamlDocument& document, ConnectionFile* file) {
  const auto found = document.root().find("streams");
  if (found == document.root().end() || found->is_null()) return Status::Ok();
  if (!found->is_array() || found->empty()) {
    return document.ErrorAt("/streams",
                            "streams must be a list of streams; leave it out for all of them");
  }
  file->streams.emplace();
  for (size_t i = 0; i < found->size(); ++i) {
    const std::string pointer = "/streams/" + std::to_string(i);
    MR_ASSIGN_OR_RETURN(auto selection, ReadStreamSelection(document, pointer));
    for (const StreamSelection& other : *file->streams) {
      if (other.name == selection.name && other.name_space == selection.name_space) {
        return document.ErrorAt(pointer, "the stream " + selection.name + " stands here twice");
      }
    }
    file->streams->push_back(std::move(selection));
  }
  return Status::Ok();
}

Status ReadWriterLanes(const YamlSection& root, ConnectionFile* file) {
  constexpr int64_t kLanesMax = 64;
  const Json* value = root.Find("writer_lanes");
  if (value == nullptr || *value == Json("auto")) return Status::Ok();
  MR_ASSIGN_OR_RETURN(const auto lanes, WholeNumber(root, "writer_lanes", kLanesMax, "auto or "));
  file->writer_lanes = static_cast<int>(*lanes);
  return Status::Ok();
}

Status ReadNormalization(const YamlSection& root, ConnectionFile* file) {
  MR_ASSIGN_OR_RETURN(file->normalization, root.Choice("normalization", {"none", "basic"}, "none"));
  file->raw_tables = file->normalization == "basic";
  const Json* raw = root.Find("raw_tables");
  if (raw == nullptr) return Status::Ok();
  // "${RAW_TABLES}" arrives as a text.
  const std::string text = raw->is_string() ? raw->get<std::string>() : raw->dump();
  if (text != "true" && text != "false") {
    return root.ErrorAt("raw_tables", fmt::format("raw_tables is {}; allowed: true, false", text));
  }
  file->raw_tables = text == "true";
  return Status::Ok();
}

Status ReadOptions(const YamlDocument& document, const YamlSection& root, ConnectionFile* file) {
  MR_ASSIGN_OR_RETURN(const auto name_space, root.Text("destination_namespace"));
  if (name_space) file->destination_namespace = *name_space;
  MR_ASSIGN_OR_RETURN(const auto prefix, root.Text("prefix"));
  file->prefix = prefix.value_or("");
  MR_ASSIGN_OR_RETURN(file->metadata,
                      root.Choice("metadata", {"current", "classic", "none"}, "current"));
  MR_RETURN_IF_ERROR(ReadNormalization(root, file));
  MR_ASSIGN_OR_RETURN(
      file->number_format,
      root.Choice("number_format", {"auto", "double", "decimal", "string"}, "auto"));
  MR_ASSIGN_OR_RETURN(const auto undeclared,
                      root.Choice("undeclared_fields", {"count", "keep"}, "count"));
  file->keep_undeclared = undeclared == "keep";
  MR_ASSIGN_OR_RETURN(const auto interval, root.Duration("commit_interval"));
  if (interval) file->commit_interval = *interval;
  MR_ASSIGN_OR_RETURN(const auto merge, root.Duration("merge_interval"));
  if (merge) file->merge_interval = *merge;
  MR_RETURN_IF_ERROR(ReadWriterLanes(root, file));
  MR_ASSIGN_OR_RETURN(Json schedule, ReadSchedule(document));
  file->schedule = JsonValue(std::move(schedule));
  return Status::Ok();
}

}  // namespace

Result<ConnectionFile> ParseConnectionFile(std::string_view text, const std::filesystem::path& path,
                                           const Environment& environment) {
  MR_ASSIGN_OR_RETURN(const YamlDocument document,
                      YamlDocument::Parse(text, path.string(), environment));
  MR_ASSIGN_OR_RETURN(const YamlSection root, YamlSection::At(document, ""));
  MR_RETURN_IF_ERROR(root.AllowOnly(kKeys));
  ConnectionFile file;
  file.path = path;
  MR_ASSIGN_OR_RETURN(const auto name, root.Text("name"));
  file.name = name.value_or(path.stem().string());
  if (file.name.empty()) return root.ErrorAt("name", "name is empty");
  MR_ASSIGN_OR_RETURN(file.source, ReadEnd(document, "source"));
  MR_ASSIGN_OR_RETURN(file.destination, ReadEnd(document, "destination"));
  MR_RETURN_IF_ERROR(ReadStreams(document, &file));
  MR_RETURN_IF_ERROR(ReadOptions(document, root, &file));
  return file;
}

Result<ConnectionFile> ReadConnectionFile(const std::filesystem::path& path,
                                          const Environment& environment) {
  constexpr int64_t kLargest = 16 << 20;
  MR_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kLargest));
  return ParseConnectionFile(text, path, environment);
}

}  // namespace millrace
