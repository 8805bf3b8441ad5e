#pragma once

#include <string>

#include "base/result.h"
#include "cli/command_line.h"

namespace millrace {

/// A connector as commands name it. A plain value.
struct NamedVersion {
  std::string name;
  std::string version;  ///< empty: none was named
};

/// "source-faker==7.2.1", or the name and --version. A config error when both name a version.
Result<NamedVersion> NamedVersionOf(const CommandLine& line);

}  // namespace millrace
