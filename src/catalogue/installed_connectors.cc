#include "catalogue/installed_connectors.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <system_error>

#include "base/file_io.h"
#include "base/json_parsing.h"
#include "catalogue/connector_naming.h"

namespace millrace {
namespace {

constexpr const char* kRecordFile = "connector.json";
constexpr int64_t kRecordBytesMax = 16 << 20;

std::string Text(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

/// The folders below `folder`; none when it can't be read.
std::vector<std::string> FoldersBelow(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  std::error_code code;
  for (std::filesystem::directory_iterator at(folder, code), end; !code && at != end;
       at.increment(code)) {
    std::error_code ignored;
    if (at->is_directory(ignored)) names.push_back(at->path().filename().string());
  }
  return names;
}

/// What is installed in a version's folder; nothing when its record is missing or damaged.
std::optional<InstalledConnector> ReadRecord(const std::filesystem::path& folder) {
  const auto text = ReadFile(folder / kRecordFile, kRecordBytesMax);
  if (!text.ok()) return std::nullopt;
  const Json json = ParseJson(*text);
  if (!json.is_object()) return std::nullopt;
  InstalledConnector connector{.name = Text(json, "name"),
                               .package = Text(json, "package"),
                               .version = Text(json, "version"),
                               .python_version = Text(json, "python_version"),
                               .executable = folder / Text(json, "executable"),
                               .installed_at = Text(json, "installed_at"),
                               .spec = JsonValue(json.value("spec", Json::object())),
                               .origin = Text(json, "origin")};
  const std::string manifest = Text(json, "manifest");
  if (!manifest.empty()) {
    connector.manifest = folder / manifest;
    connector.executable.clear();
  }
  std::error_code ignored;
  const bool whole = connector.name == folder.parent_path().filename() &&
                     connector.version == folder.filename() &&
                     connector.spec->contains("connectionSpecification") &&
                     std::filesystem::is_regular_file(
                         manifest.empty() ? connector.executable : connector.manifest, ignored);
  return whole ? std::optional(std::move(connector)) : std::nullopt;
}

}  // namespace

Json ToJson(const InstalledConnector& connector) {
  if (!connector.manifest.empty()) {
    return Json{{"name", connector.name},
                {"version", connector.version},
                {"manifest", connector.manifest.string()},
                {"origin", connector.origin},
                {"installed_at", connector.installed_at},
                {"spec", *connector.spec}};
  }
  return Json{{"name", connector.name},
              {"package", connector.package},
              {"version", connector.version},
              {"python_version", connector.python_version},
              {"executable", connector.executable.string()},
              {"installed_at", connector.installed_at},
              {"spec", *connector.spec}};
}

InstalledConnectors InstalledConnectors::Of(const Environment& environment,
                                            const std::filesystem::path& data_folder) {
  std::error_code ignored;
  const auto absolute = [&](const std::filesystem::path& path) {
    return InstalledConnectors(std::filesystem::absolute(path, ignored).lexically_normal());
  };
  const auto own = environment("MILLRACE_CONNECTORS_DIR");
  if (own && !own->empty()) return absolute(*own);
  if (!data_folder.empty()) return absolute(data_folder / "connectors");
  const std::filesystem::path home = environment("HOME").value_or(".");
  return absolute(home / ".millrace" / "connectors");
}

std::filesystem::path InstalledConnectors::FolderOf(std::string_view name) const {
  return folder_ / name;
}

std::filesystem::path InstalledConnectors::FolderOf(std::string_view name,
                                                    std::string_view version) const {
  return folder_ / name / version;
}

std::vector<InstalledConnector> InstalledConnectors::List() const {
  std::vector<std::string> names = FoldersBelow(folder_);
  std::sort(names.begin(), names.end());
  std::vector<InstalledConnector> list;
  for (const std::string& name : names) {
    for (InstalledConnector& connector : VersionsOf(name)) list.push_back(std::move(connector));
  }
  return list;
}

std::vector<InstalledConnector> InstalledConnectors::VersionsOf(std::string_view name) const {
  std::vector<InstalledConnector> versions;
  if (!CheckConnectorName(name).ok()) return versions;
  for (const std::string& version : FoldersBelow(FolderOf(name))) {
    auto connector = ReadRecord(FolderOf(name, version));
    if (connector) versions.push_back(*std::move(connector));
  }
  std::sort(versions.begin(), versions.end(),
            [](const auto& a, const auto& b) { return IsOlderVersion(b.version, a.version); });
  return versions;
}

std::optional<InstalledConnector> InstalledConnectors::Find(std::string_view name,
                                                            std::string_view version) const {
  for (InstalledConnector& connector : VersionsOf(name)) {
    if (version.empty() || connector.version == version) return std::move(connector);
  }
  return std::nullopt;
}

Status InstalledConnectors::Record(const InstalledConnector& connector) const {
  const std::filesystem::path folder = FolderOf(connector.name, connector.version);
  Json json = ToJson(connector);
  const bool manifest = !connector.manifest.empty();
  const std::filesystem::path& file = manifest ? connector.manifest : connector.executable;
  json[manifest ? "manifest" : "executable"] = file.lexically_relative(folder).string();
  return WriteFileAtomically(folder / kRecordFile, json.dump(2) + "\n");
}

Status InstalledConnectors::Forget(std::string_view name, std::string_view version) const {
  const std::filesystem::path record = FolderOf(name, version) / kRecordFile;
  std::error_code code;
  std::filesystem::remove(record, code);
  if (code) return ErrnoError(code.value(), "removing " + record.string());
  return std::filesystem::exists(record.parent_path(), code) ? SyncFolder(record.parent_path())
                                                             : Status::Ok();
}

}  // namespace millrace
