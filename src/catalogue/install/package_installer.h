#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/environment_text.h"
#include "base/result.h"
#include "catalogue/install/install_failure.h"
#include "catalogue/install/python_interpreter.h"
#include "catalogue/install/tool_run.h"

namespace millrace {

/// What lies in a private environment. A plain value.
struct InstalledPackage {
  std::string version;                ///< of the package, as its metadata say
  std::string requires_python;        ///< ">=3.10,<3.13"; empty: any
  std::string python_version;         ///< the environment's
  std::vector<std::string> programs;  ///< names in its `bin` that the package and its needs brought
};

/// Makes private Python environments and installs packages there: by uv, where it is on the PATH,
/// else by venv and pip. Both heed the settings of the user's environment and of pip's
/// configuration. Blocks for minutes; one thread.
class PackageInstaller {
 public:
  /// `on_line` takes what the tools print, as they go on; from any thread.
  PackageInstaller(const Environment& environment, std::stop_token stop,
                   std::function<void(std::string_view line)> on_line);

  /// "uv" or "pip".
  std::string_view tool() const { return uv_.empty() ? "pip" : "uv"; }

  Result<std::vector<PythonInterpreter>> Pythons(const std::string& chosen) const;

  /// Makes an environment in the folder, which must not exist.
  Status MakeEnvironment(const PythonInterpreter& python, const std::filesystem::path& venv) const;

  /// Installs exactly that version, without what it needs or with it. No value: it was installed;
  /// else what the installer said. Other failures are Statuses.
  Result<std::optional<std::string>> Install(const std::filesystem::path& venv,
                                             const std::string& pinned, bool with_needs) const;

  /// Looks at a package that was installed.
  Result<InstalledPackage> Inspect(const std::filesystem::path& venv,
                                   const std::string& package) const;

 private:
  Result<ToolEnd> Run(std::vector<std::string> arguments, std::chrono::seconds limit) const;

  const std::stop_token stop_;
  const std::function<void(std::string_view line)> on_line_;
  std::vector<std::string> environment_;
  std::string uv_;  // absolute; empty: there is none
};

}  // namespace millrace
