#include <nlohmann/json.hpp>

#include "attempt/error_json.h"
#include "cli/attempt_conversation.h"
#include "cli/commands.h"
#include "cli/connection_file.h"
#include "cli/console.h"
#include "cli/prepared_connection.h"

namespace millrace {
namespace {

Result<StartDocument> Prepare(const CommandLine& line) {
  MR_ASSIGN_OR_RETURN(const ConnectionFile file,
                      ReadConnectionFile(line.file, ProcessEnvironment()));
  if (!file.source) return ConfigError("{}: source is missing", file.path.string());
  std::vector<std::string> warnings;
  StartDocument start;
  start.task = "discover";
  start.connection = file.name;
  start.verbose = line.verbose;
  MR_ASSIGN_OR_RETURN(start.source, PrepareEnd(ConnectorType::kSource, *file.source, &warnings));
  for (const std::string& warning : warnings) Console::PrintWarning(warning);
  return start;
}

int Fail(const CommandLine& line, const Status& status, int exit_code) {
  if (line.json && status.failed()) {
    Console::OutJson({{"status", "failed"}, {"error", ErrorToJson(status.error())}});
  }
  Console::Fail(status, line.verbose);
  return exit_code;
}

std::string PathText(const FieldPath& path) { return fmt::format("{}", fmt::join(path, ".")); }

std::string KeyText(const Stream& stream) {
  std::vector<std::string> parts;
  for (const FieldPath& path : stream.source_defined_primary_key) parts.push_back(PathText(path));
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string CursorText(const Stream& stream) {
  if (stream.source_defined_cursor) return "the source's own";
  return PathText(stream.default_cursor_field);
}

/// "string", "integer", "timestamp_with_timezone": the most that the schema says in a word or two.
std::string TypeText(const Json& schema) {
  for (const char* keyword : {"airbyte_type", "format"}) {
    const Json word = schema.value(keyword, Json());
    if (word.is_string()) return word.get<std::string>();
  }
  std::string text;
  const Json type = schema.value("type", Json());
  for (const Json& name : type.is_array() ? type : Json::array({type})) {
    if (!name.is_string() || name == Json("null")) continue;
    text += (text.empty() ? "" : " or ") + name.get<std::string>();
  }
  return text.empty() ? "anything" : text;
}

std::string CatalogText(const Catalog& catalog, bool verbose, const Console::Style& style) {
  std::vector<std::vector<std::string>> rows = {
      {"STREAM", "COLUMNS", "PRIMARY KEY", "CURSOR", "INCREMENTAL"}};
  std::string details;
  for (const Stream& stream : catalog.streams) {
    const Json properties = stream.json_schema->value("properties", Json::object());
    bool incremental = false;
    for (const SyncMode mode : stream.supported_sync_modes) {
      incremental = incremental || mode == SyncMode::kIncremental;
    }
    rows.push_back({stream.descriptor.ToString(), std::to_string(properties.size()),
                    KeyText(stream), CursorText(stream), incremental ? "yes" : "no"});
    details += fmt::format("\n{}{}{}\n", style.bold, stream.descriptor.ToString(), style.reset);
    for (const auto& [column, schema] : properties.items()) {
      details += fmt::format("  {:30}  {}\n", column, TypeText(schema));
    }
  }
  std::string text = FormatTable(rows, {false, true, false, false, false}, style);
  if (verbose) text += details;
  return text + fmt::format("\n{} streams{}\n", catalog.streams.size(),
                            verbose ? "" : "; columns with --verbose, all with --json");
}

}  // namespace

int RunDiscover(const CommandLine& line) {
  const auto start = Prepare(line);
  if (!start.ok()) return Fail(line, start.status(), kExitUsage);
  InterruptSignals signals;
  ProgressDisplay display(line.verbose, /*quiet=*/true);
  const AttemptOutcome outcome = AttemptConversation(signals, display).Run(*start);
  if (outcome.interrupted) return kExitInterrupted;
  if (!outcome.status.ok()) {
    return Fail(line, outcome.status, outcome.before_contact ? kExitUsage : kExitFailed);
  }
  const auto catalog = CatalogFromJson(*outcome.result);
  if (!catalog.ok()) return Fail(line, catalog.status(), kExitFailed);
  if (line.json) {
    Console::OutJson(*outcome.result);
  } else {
    Console::Out(CatalogText(*catalog, line.verbose, Console::OutStyle()));
  }
  return kExitDone;
}

}  // namespace millrace
