#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "catalogue/install/install_failure.h"
#include "catalogue/install/package_installer.h"

namespace millrace {

/// Makes the private environment of one package: chooses a Python that it takes, installs exactly
/// its version and all that it needs. The references outlive it; one thread.
class PackageBuild {
 public:
  using Tell = std::function<void(const std::string& step)>;
  /// `what`: to be installed, in the folder `venv`. `tell` takes each step as it begins, for
  /// people.
  PackageBuild(const PackageInstaller& installer, FailedInstall what, std::filesystem::path venv,
               Tell tell)
      : installer_(installer),
        what_(std::move(what)),
        venv_(std::move(venv)),
        tell_(std::move(tell)) {}

  /// Uses the first of `pythons` that the package takes; a config error says which it would take.
  Result<InstalledPackage> Run(const std::vector<PythonInterpreter>& pythons);

  /// Installs the package without what it needs, by the first of `pythons` that can: for the files
  /// in it, which nobody will run.
  Status RunAlone(const std::vector<PythonInterpreter>& pythons);

 private:
  Result<std::string> InstallAlone();
  Result<InstalledPackage> InstallWithNeeds();
  std::string Pinned() const { return what_.package + "==" + what_.version; }

  const PackageInstaller& installer_;
  FailedInstall what_;
  const std::filesystem::path venv_;
  const Tell tell_;
};

}  // namespace millrace
