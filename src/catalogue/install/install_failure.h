#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace millrace {

/// What was to be installed when an installer (uv or pip) failed.
struct FailedInstall {
  std::string connector;  ///< "source-faker"
  std::string package;    ///< "airbyte-source-faker"
  std::string version;
  std::string folder;  ///< where
  std::string said;    ///< by the installer: the end of its standard error
};

/// Why, for the person who asked for it: no such package or version (with those there are, where
/// the installer lists them), an index that can't be reached or refuses us, a full disk, something
/// that the package needs and that doesn't exist.
Status InstallFailure(const FailedInstall& failed);

/// What a package that needs another Python says to pip ("7.2.1 Requires-Python <3.13,>=3.10"):
/// its range; empty when that is not why it failed.
std::string NeededPython(const FailedInstall& failed);

}  // namespace millrace
