#include "catalogue/install/package_build.h"

#include "base/file_io.h"

namespace millrace {

Result<InstalledPackage> PackageBuild::Run(const std::vector<PythonInterpreter>& pythons) {
  std::string needed;
  for (const PythonInterpreter& python : pythons) {
    if (!needed.empty() && !PythonFits(needed, python.version)) continue;
    std::error_code code;
    std::filesystem::remove_all(venv_, code);
    if (code) return ErrnoError(code.value(), "removing " + venv_.string());
    tell_(fmt::format("making an environment with Python {}", python.version));
    MR_RETURN_IF_ERROR(installer_.MakeEnvironment(python, venv_));
    MR_ASSIGN_OR_RETURN(needed, InstallAlone());
    if (PythonFits(needed, python.version)) return InstallWithNeeds();
  }
  return ConfigError(
      "installing {} {}: it needs Python {}; found: {}. Install one that fits, or name one by "
      "--python",
      what_.connector, what_.version, needed, PythonsText(pythons));
}

Status PackageBuild::RunAlone(const std::vector<PythonInterpreter>& pythons) {
  for (const PythonInterpreter& python : pythons) {
    std::error_code code;
    std::filesystem::remove_all(venv_, code);
    if (code) return ErrnoError(code.value(), "removing " + venv_.string());
    MR_RETURN_IF_ERROR(installer_.MakeEnvironment(python, venv_));
    MR_ASSIGN_OR_RETURN(const auto said, installer_.Install(venv_, Pinned(), /*with_needs=*/false));
    if (!said) return Status::Ok();
    what_.said = *said;
    if (NeededPython(what_).empty()) return InstallFailure(what_);
  }
  return InstallFailure(what_);
}

/// Installs the package without its needs, which is quick, and returns the Python that it asks for:
/// pip refuses another; uv takes no notice of upper bounds.
Result<std::string> PackageBuild::InstallAlone() {
  tell_(fmt::format("installing {} by {}", Pinned(), installer_.tool()));
  MR_ASSIGN_OR_RETURN(const auto said, installer_.Install(venv_, Pinned(), /*with_needs=*/false));
  if (said) {
    what_.said = *said;
    const std::string needed = NeededPython(what_);
    if (needed.empty()) return InstallFailure(what_);
    return needed;
  }
  MR_ASSIGN_OR_RETURN(const InstalledPackage package, installer_.Inspect(venv_, what_.package));
  return package.requires_python;
}

Result<InstalledPackage> PackageBuild::InstallWithNeeds() {
  tell_("installing what it needs, which takes minutes for some");
  MR_ASSIGN_OR_RETURN(const auto said, installer_.Install(venv_, Pinned(), /*with_needs=*/true));
  if (!said) return installer_.Inspect(venv_, what_.package);
  what_.said = *said;
  return InstallFailure(what_);
}

}  // namespace millrace
