// The part of ConnectorInstaller that installs low-code manifests.
#include "base/file_io.h"
#include "catalogue/connector_naming.h"
#include "catalogue/connector_packages.h"
#include "catalogue/install/connector_installer.h"
#include "catalogue/install/native_manifest.h"
#include "catalogue/install/package_build.h"

namespace millrace {
namespace {

/// The version of a person's own manifest that nobody gave one.
constexpr const char* kFirstVersion = "0.0.1";

}  // namespace

Result<ConnectorInstaller::Wanted> ConnectorInstaller::WantedManifest(
    const InstallRequest& request) const {
  Wanted wanted{request.name, "", request.version, "", request.from, ""};
  const auto entry = catalogue_.Find(request.name);
  if (!request.version.empty()) MR_RETURN_IF_ERROR(CheckConnectorVersion(request.version));
  if (!request.from.empty()) {
    if (!request.name.starts_with("source-")) {
      return ConfigError("a low-code manifest is a source: {} is no source-NAME", request.name);
    }
    if (!request.python.empty()) {
      return ConfigError("--from names a manifest, which Millrace runs itself: no --python");
    }
    if (wanted.version.empty() && entry.ok()) wanted.version = (*entry)->docker_image_tag;
    if (wanted.version.empty()) wanted.version = kFirstVersion;
    return wanted;
  }
  wanted.image = (*entry)->docker_repository;
  const auto package = PackageOf(catalogue_, request.name);
  if (package) {
    wanted.package = package->package;
    wanted.passed_over = request.version.empty() ? package->passed_over : "";
    if (wanted.version.empty()) wanted.version = package->version;
  }
  if (wanted.version.empty()) wanted.version = (*entry)->docker_image_tag;
  if (wanted.version.empty()) {
    return ConfigError("no version of {} is known: name one, {}==VERSION", request.name,
                       request.name);
  }
  return wanted;
}

Result<FoundManifest> ConnectorInstaller::ManifestOfPackage(const Wanted& wanted,
                                                            std::stop_token stop) const {
  const PackageInstaller installer(environment_, stop,
                                   [this](std::string_view line) { tell_(line, true); });
  MR_ASSIGN_OR_RETURN(const auto pythons, installer.Pythons(""));
  const std::filesystem::path folder = installed_.FolderOf(wanted.name, wanted.version);
  const std::filesystem::path venv = folder / "unpacked";
  PackageBuild build(installer, {wanted.name, wanted.package, wanted.version, folder.string(), ""},
                     venv, [this](const std::string& step) { tell_(step, false); });
  MR_RETURN_IF_ERROR(build.RunAlone(pythons));
  MR_ASSIGN_OR_RETURN(auto text, ManifestInEnvironment(venv, wanted.name));
  std::error_code code;
  std::filesystem::remove_all(venv, code);
  if (code) return ErrnoError(code.value(), "removing " + venv.string());
  const std::string origin = fmt::format("package {} {}", wanted.package, wanted.version);
  if (!text) return ConfigError("{} has no manifest.yaml in it", origin);
  return FoundManifest{*std::move(text), origin, true};
}

/// Of the file or URL, else of the package, else of the image.
Result<FoundManifest> ConnectorInstaller::FindManifest(const Wanted& wanted,
                                                       std::stop_token stop) const {
  if (!wanted.from.empty()) return ManifestAt(wanted.from, stop);
  Status no_package = Status::Ok();
  if (!wanted.package.empty()) {
    tell_(fmt::format("taking its manifest out of {} {}", wanted.package, wanted.version), false);
    auto found = ManifestOfPackage(wanted, stop);
    if (found.ok() || found.status().canceled()) return found;
    no_package = found.status();
    tell_(no_package.ToString(), false);
  }
  tell_(fmt::format("taking its manifest out of the image {}:{}", wanted.image, wanted.version),
        false);
  auto found = ManifestOfImage(wanted.name, wanted.image, wanted.version, environment_, stop);
  if (found.ok() || found.status().canceled()) return found;
  const std::string how = fmt::format(
      "its manifest can't be had{}; one that you have is installed by --from FILE (or URL)",
      no_package.ok() ? "" : ", neither from its package (" + no_package.ToString() + ") nor here");
  return found.status().WithContext(how);
}

Result<std::optional<InstalledConnector>> ConnectorInstaller::BuildNative(
    const Wanted& wanted, std::stop_token stop) const {
  const auto context = fmt::format("installing {} {}", wanted.name, wanted.version);
  auto found = FindManifest(wanted, stop);
  if (!found.ok()) {
    return found.status().canceled() ? found.status() : found.status().WithContext(context);
  }
  const std::filesystem::path file =
      installed_.FolderOf(wanted.name, wanted.version) / "manifest.yaml";
  MR_RETURN_IF_ERROR(WriteFileAtomically(file, found->text));
  tell_("checking its manifest", false);
  auto checked = check_(file, stop);
  if (!checked.ok()) {
    if (checked.status().canceled()) return checked.status();
    return checked.status().WithContext(fmt::format("{}: manifest of {}", context, found->origin));
  }
  if (!checked->needs.empty()) {
    if (found->in_package) {
      tell_(fmt::format("its manifest has {}, which needs Python: the whole package is installed",
                        checked->needs),
            false);
      std::error_code ignored;
      std::filesystem::remove(file, ignored);
      return std::optional<InstalledConnector>();
    }
    return ConfigError(
        "{}: the manifest of {} has {}, which needs Python: install {} (millrace connectors "
        "install {}) and name the manifest by manifest: FILE.yaml, with its components.py beside "
        "it; or use the connector's image (image: …)",
        context, found->origin, checked->needs, kManifestRunner, kManifestRunner);
  }
  return std::optional(
      InstalledConnector{.name = wanted.name,
                         .package = "",
                         .version = wanted.version,
                         .python_version = "",
                         .executable = {},
                         .installed_at = InstallTimeText(Clock::System().WallNow()),
                         .spec = std::move(checked->spec),
                         .manifest = file,
                         .origin = found->origin});
}

}  // namespace millrace
