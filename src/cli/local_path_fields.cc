#include "cli/local_path_fields.h"

#include <nlohmann/json.hpp>
#include <string_view>
#include <system_error>

namespace millrace {
namespace {

/// A field that holds a path.
struct PathField {
  std::string_view connector, field;
};
constexpr PathField kPathFields[] = {{"destination-csv", "destination_path"},
                                     {"destination-local", "path"},
                                     {"destination-local-json", "destination_path"},
                                     {"source-file", "url"}};

/// source-file's address is one where its provider is the local disk.
bool HoldsPath(const Json& config) {
  const auto provider = config.find("provider");
  if (provider == config.end()) return true;
  return provider->is_object() && provider->value("storage", Json()) == Json("local");
}

}  // namespace

void ResolveLocalPaths(const std::string& connector, const std::filesystem::path& folder,
                       Json* config) {
  std::error_code ignored;
  if (!config->is_object() || std::filesystem::equivalent(folder, ".", ignored)) return;
  for (const PathField& known : kPathFields) {
    if (known.connector != connector || !HoldsPath(*config)) continue;
    const auto found = config->find(known.field);
    if (found == config->end() || !found->is_string()) continue;
    const std::string& text = found->get_ref<const std::string&>();
    const bool address = text.find("://") != std::string::npos;
    if (!text.empty() && !address) *found = (folder / text).lexically_normal().string();
  }
}

}  // namespace millrace
