#include <cerrno>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>

#include "base/file_io.h"
#include "catalogue/connector_naming.h"
#include "cli/connectors/connector_template.h"
#include "cli/connectors/connectors_actions.h"
#include "cli/console.h"
#include "cli/refusal.h"

namespace millrace {
namespace {

std::string Replaced(std::string text, std::string_view what, const std::string& by) {
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size()) {
    text.replace(at, what.size(), by);
  }
  return text;
}

/// Writes the files; the folder is named as the person did, and its last part is the connector.
Status WriteTemplate(const std::filesystem::path& folder) {
  const std::string name = folder.filename().string();
  MR_RETURN_IF_ERROR(CheckConnectorName(name));
  if (name.starts_with("destination-")) {
    return ConfigError("there is a template for sources only");
  }
  std::error_code code;
  if (std::filesystem::exists(folder, code)) {
    return ConfigError("{} exists already; nothing was changed", folder.string());
  }
  std::filesystem::create_directories(folder, code);
  if (code) return ErrnoError(code.value(), "making " + folder.string());
  for (const TemplateFile& file : ConnectorTemplate()) {
    const std::string text = Replaced(std::string(file.text), "@NAME@", name);
    const bool program = file.name.ends_with(".py");
    MR_RETURN_IF_ERROR(WriteFileAtomically(folder / file.name, text, program ? 0755 : 0644));
  }
  return Status::Ok();
}

}  // namespace

int NewConnectorAction(const CommandLine& line) {
  std::filesystem::path folder = line.name;
  if (!folder.has_filename()) folder = folder.parent_path();  // "source-x/"
  const Status written = WriteTemplate(folder);
  if (!written.ok()) return Refuse(line, written, kExitUsage);
  if (line.json) {
    Console::OutJson({{"status", "written"}, {"folder", folder.string()}});
    return kExitDone;
  }
  Console::Out(
      fmt::format("{0} is there, a source that runs as it is:\n  millrace sync "
                  "{0}/connection.yaml\nwhat to change: {0}/README.md\n",
                  folder.string()));
  return kExitDone;
}

}  // namespace millrace
