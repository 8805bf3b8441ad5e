#include "lake/manifest.h"

#include <nlohmann/json.hpp>

namespace millrace {
namespace {

/// Version 2 has staged changes and rules; a table without them is still written as version 1.
constexpr int kVersion = 2;

Json ToJson(const DataFile& file) {
  Json json = {{"key", file.key},     {"rows", file.rows},
               {"bytes", file.bytes}, {"generation", file.generation},
               {"epoch", file.epoch}, {"checkpoint", file.checkpoint}};
  if (file.swapped) json["swapped"] = true;
  return json;
}

DataFile DataFileFrom(const Json& json) {
  DataFile file;
  file.key = json.at("key");
  file.rows = json.at("rows");
  file.bytes = json.at("bytes");
  file.generation = json.at("generation");
  file.epoch = json.at("epoch");
  file.checkpoint = json.at("checkpoint");
  file.swapped = json.value("swapped", false);
  return file;
}

Json ToJson(const StagedFile& staged) {
  Json json = ToJson(staged.file);
  json["lane"] = staged.lane;
  if (staged.truncates) json["truncates"] = true;
  if (staged.replaces_table) json["replaces_table"] = true;
  return json;
}

StagedFile StagedFileFrom(const Json& json) {
  return {DataFileFrom(json), json.at("lane"), json.value("truncates", false),
          json.value("replaces_table", false)};
}

Json ToJson(const MergeRules& rules) {
  return {{"key", rules.key},
          {"sets", rules.sets},
          {"cursor", rules.cursor},
          {"hard_deletes", rules.hard_deletes}};
}

MergeRules RulesFrom(const Json& json) {
  return {json.at("key").get<std::vector<std::string>>(), json.at("sets"), json.at("cursor"),
          json.at("hard_deletes")};
}

Json ToJson(const PendingUpload& upload) {
  return {{"key", upload.key}, {"details", upload.details_json}};
}

PendingUpload UploadFrom(const Json& json) { return {json.at("key"), json.at("details")}; }

Manifest ManifestFrom(const Json& json) {
  Manifest manifest;
  manifest.sequence = json.at("sequence");
  manifest.fencing_token = json.at("fencing_token");
  manifest.connection = json.at("connection");
  manifest.next_part = json.at("next_part");
  for (const Json& file : json.at("files")) manifest.files.push_back(DataFileFrom(file));
  for (const Json& hidden : json.at("hidden")) {
    manifest.hidden.push_back({DataFileFrom(hidden.at("file")), UploadFrom(hidden.at("upload"))});
  }
  for (const Json& upload : json.at("completing"))
    manifest.completing.push_back(UploadFrom(upload));
  manifest.removing = json.at("removing").get<std::vector<std::string>>();
  if (json.contains("staged")) {
    for (const Json& staged : json["staged"]) manifest.staged.push_back(StagedFileFrom(staged));
    manifest.removing_first = json.at("removing_first").get<std::vector<std::string>>();
    if (json.contains("rules")) manifest.rules = RulesFrom(json["rules"]);
    if (json.contains("staged_rules")) manifest.staged_rules = RulesFrom(json["staged_rules"]);
    manifest.merged_at_ms = json.at("merged_at_ms");
  }
  if (const auto steps = json.find("steps"); steps != json.end()) {
    manifest.steps_generation = steps->at("generation");
    manifest.steps_epoch = steps->at("epoch");
  }
  const Json& text = json.at("text_numbers");
  manifest.text_generation = text.at("generation");
  manifest.text_numbers = text.at("columns").get<TextNumbers>();
  return manifest;
}

}  // namespace

std::string ManifestToText(const Manifest& manifest) {
  const bool deduplicated = manifest.rules || !manifest.staged.empty();
  Json json = {{"version", deduplicated ? kVersion : 1},
               {"sequence", manifest.sequence},
               {"fencing_token", manifest.fencing_token},
               {"connection", manifest.connection},
               {"next_part", manifest.next_part}};
  Json& files = json["files"] = Json::array();
  for (const DataFile& file : manifest.files) files.push_back(ToJson(file));
  Json& hidden = json["hidden"] = Json::array();
  for (const HiddenFile& file : manifest.hidden) {
    hidden.push_back({{"file", ToJson(file.file)}, {"upload", ToJson(file.upload)}});
  }
  Json& completing = json["completing"] = Json::array();
  for (const PendingUpload& upload : manifest.completing) completing.push_back(ToJson(upload));
  json["removing"] = manifest.removing;
  if (deduplicated) {
    Json& staged = json["staged"] = Json::array();
    for (const StagedFile& file : manifest.staged) staged.push_back(ToJson(file));
    json["removing_first"] = manifest.removing_first;
    if (manifest.rules) json["rules"] = ToJson(*manifest.rules);
    if (manifest.staged_rules) json["staged_rules"] = ToJson(*manifest.staged_rules);
    json["merged_at_ms"] = manifest.merged_at_ms;
  }
  if (!manifest.steps_epoch.empty()) {
    json["steps"] = {{"generation", manifest.steps_generation}, {"epoch", manifest.steps_epoch}};
  }
  json["text_numbers"] = {{"generation", manifest.text_generation},
                          {"columns", manifest.text_numbers}};
  return json.dump(1, ' ', false, Json::error_handler_t::replace);
}

Result<Manifest> ManifestFromText(std::string_view text, std::string_view key) {
  try {
    const Json json = Json::parse(text);
    if (const int version = json.at("version"); version > kVersion) {
      return ConfigError("{} was written by a newer version of Millrace; update this one", key);
    }
    return ManifestFrom(json);
  } catch (const Json::exception& error) {
    return SystemError("the manifest {} is damaged: {}", key, error.what());
  }
}

}  // namespace millrace
