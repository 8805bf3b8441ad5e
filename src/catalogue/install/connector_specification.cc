#include "catalogue/install/connector_specification.h"

#include <nlohmann/json.hpp>

#include "base/json_parsing.h"
#include "base/secrets.h"
#include "catalogue/install/tool_run.h"
#include "subprocess/confinement.h"
#include "subprocess/scratch_folder.h"

namespace millrace {
namespace {

constexpr std::chrono::seconds kLimit(300);

/// The specification of a line that is a SPEC message; null otherwise.
Json SpecificationIn(std::string_view line) {
  const Json message = ParseJson(line);
  if (!message.is_object() || message.value("type", Json()) != Json("SPEC")) return nullptr;
  Json spec = message.value("spec", Json());
  const bool whole = spec.is_object() && spec.value("connectionSpecification", Json()).is_object();
  return whole ? spec : Json();
}

}  // namespace

Result<JsonValue> AskSpecification(const std::filesystem::path& executable, std::stop_token stop) {
  MR_ASSIGN_OR_RETURN(const ScratchFolder folder, ScratchFolder::Make());
  ToolCommand command;
  command.arguments = {executable.string(), "spec"};
  command.environment = ConfinedEnvironment(folder.path());
  command.folder = folder.path();
  command.limit = kLimit;
  MR_ASSIGN_OR_RETURN(const ToolEnd end, RunTool(command, stop));
  for (std::string_view rest = end.output; !rest.empty();) {
    const size_t line_end = std::min(rest.find('\n'), rest.size());
    Json spec = SpecificationIn(rest.substr(0, line_end));
    if (spec.is_object()) return JsonValue(std::move(spec));
    rest.remove_prefix(std::min(line_end + 1, rest.size()));
  }
  const std::string last =
      end.exit.last_lines.empty() ? "" : "; its last line: " + end.exit.last_lines.back();
  return SystemError("{} gave no specification ({}){}", executable.filename().string(),
                     end.exit.ToString(), Secrets::Redact(last));
}

}  // namespace millrace
