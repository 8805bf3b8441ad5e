#include "cli/connectors/manifest_check.h"

#include <nlohmann/json.hpp>

#include "base/file_io.h"
#include "base/json_parsing.h"
#include "catalogue/connector_packages.h"
#include "catalogue/connector_resolver.h"
#include "catalogue/install/tool_run.h"
#include "cli/yaml_document.h"

namespace millrace {
namespace {

constexpr int64_t kManifestTextMax = 16 << 20;

/// JSON takes a text as it is only then.
bool IsUtf8Text(const std::string& text) {
  const std::string dumped = Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
  return ParseJson(dumped) == Json(text);
}

/// What the engine printed: the specification, or its error.
Result<JsonValue> SpecificationOf(const ToolEnd& end) {
  Status failed = SystemError("the engine said nothing of the manifest ({})", end.exit.ToString());
  for (std::string_view rest = end.output; !rest.empty();) {
    const size_t line_end = std::min(rest.find('\n'), rest.size());
    const Json message = ParseJson(rest.substr(0, line_end));
    rest.remove_prefix(std::min(line_end + 1, rest.size()));
    if (!message.is_object()) continue;
    const Json spec = message.value("spec", Json());
    if (spec.is_object() && spec.value("connectionSpecification", Json()).is_object()) {
      return JsonValue(spec);
    }
    const Json error = message.value("trace", Json::object()).value("error", Json());
    const Json text = error.is_object() ? error.value("message", Json()) : Json();
    if (text.is_string()) {
      failed = ConfigError("it is no valid manifest: {}", text.get<std::string>());
    }
  }
  return failed;
}

}  // namespace

Result<CheckedManifest> CheckManifestFile(const std::filesystem::path& file, std::stop_token stop) {
  MR_ASSIGN_OR_RETURN(const std::string text, ReadFile(file, kManifestTextMax));
  if (!IsUtf8Text(text)) return ConfigError("it is no low-code manifest: it is not UTF-8");
  MR_ASSIGN_OR_RETURN(const YamlDocument document,
                      YamlDocument::ParseLiterally(text, file.filename().string()));
  const Json& manifest = document.root();
  if (!manifest.is_object() ||
      (!manifest.contains("streams") && !manifest.contains("dynamic_streams"))) {
    return ConfigError("it is no low-code manifest: it has no streams");
  }
  if (const std::string needs = NeedsInterpreter(manifest); !needs.empty()) {
    return CheckedManifest{{}, needs};
  }
  std::error_code code;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", code);
  if (code) return ErrnoError(code.value(), "finding this program");
  ToolCommand command;
  command.arguments = {self.string(), "connector",       std::string(kManifestRunner),
                       "spec",        "--manifest-path", file.string()};
  command.folder = file.parent_path();
  MR_ASSIGN_OR_RETURN(const ToolEnd end, RunTool(command, std::move(stop)));
  MR_ASSIGN_OR_RETURN(JsonValue spec, SpecificationOf(end));
  return CheckedManifest{std::move(spec), ""};
}

}  // namespace millrace
