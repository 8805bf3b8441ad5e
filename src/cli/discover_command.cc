#include <nlohmann/json.hpp>

#include "attempt/error_json.h"
#include "cli/amount_text.h"
#include "cli/attempt_conversation.h"
#include "cli/commands.h"
#include "cli/connection_file.h"
#include "cli/connection_folder.h"
#include "cli/console.h"
#include "cli/kept_configs.h"
#include "cli/prepared_connection.h"
#include "cli/refusal.h"

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
  MR_ASSIGN_OR_RETURN(start.source,
                      PrepareEnd(ConnectorType::kSource, *file.source, file.path, &warnings));
  for (const std::string& warning : warnings) Console::PrintWarning(warning);
  return start;
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

/// "id integer, name string …", wrapped and indented.
std::string ColumnsText(const Json& json_schema) {
  constexpr size_t kWidth = 100;
  std::string text, row = "   ";
  const Json properties = json_schema.value("properties", Json::object());
  for (const auto& [column, schema] : properties.items()) {
    const std::string item = fmt::format(" {} {},", VisibleText(column), TypeText(schema));
    if (DisplayWidth(row) + DisplayWidth(item) > kWidth && row.size() > 3) {
      text += row + "\n";
      row = "   ";
    }
    row += item;
  }
  text += row;
  if (text.ends_with(',')) text.pop_back();
  return text + "\n";
}

std::string CatalogText(const Catalog& catalog, const Console::Style& style) {
  std::string text;
  for (const Stream& stream : catalog.streams) {
    text +=
        fmt::format("{}{}{}", style.bold, VisibleText(stream.descriptor.ToString()), style.reset);
    const std::string key = KeyText(stream), cursor = CursorText(stream);
    if (!key.empty()) text += fmt::format("  key: {}", key);
    if (!cursor.empty()) text += fmt::format("  cursor: {}", cursor);
    std::vector<std::string_view> modes;
    for (const SyncMode mode : stream.supported_sync_modes) modes.push_back(ToString(mode));
    text += fmt::format("  {}{}{}\n{}", style.dim, fmt::join(modes, ", "), style.reset,
                        ColumnsText(*stream.json_schema));
  }
  return text + CountText(static_cast<int64_t>(catalog.streams.size()), "stream") + "\n";
}

}  // namespace

int RunDiscover(const CommandLine& line) {
  auto start = Prepare(line);
  if (!start.ok()) return Refuse(line, start.status(), kExitUsage);
  auto kept = KeptConfigs::Load(
      ConnectionFolder::PathOf(DataDirOf(line.data_dir, line.file), start->connection));
  if (!kept.ok()) return Refuse(line, kept.status(), kExitUsage);
  kept->Use(&*start);
  InterruptSignals signals;
  ProgressDisplay display(line.verbose, /*quiet=*/true);
  AttemptConversation conversation(signals, display);
  conversation.set_keep_config([&kept](const ConfigChange& change) { return kept->Keep(change); });
  const AttemptOutcome outcome = conversation.Run(*start);
  if (outcome.interrupted) return kExitInterrupted;
  if (!outcome.status.ok()) {
    return Refuse(line, outcome.status, outcome.before_contact ? kExitUsage : kExitFailed);
  }
  const auto catalog = CatalogFromJson(*outcome.result);
  if (!catalog.ok()) return Refuse(line, catalog.status(), kExitFailed);
  if (line.json) {
    Console::OutJson(*outcome.result);
  } else {
    Console::Out(CatalogText(*catalog, Console::OutStyle()));
  }
  return kExitDone;
}

}  // namespace millrace
