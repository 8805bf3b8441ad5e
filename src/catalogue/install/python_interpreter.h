#pragma once

#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/environment_text.h"
#include "base/result.h"

namespace millrace {

/// A Python of this machine. A plain value.
struct PythonInterpreter {
  std::string program;  ///< absolute
  std::string version;  ///< "3.11.2"
};

/// The Pythons on the PATH, each version once: those first that most connectors take (3.11, 3.10).
/// `chosen`: only that one (a name or a path). A config error when there is none. Starts each.
Result<std::vector<PythonInterpreter>> FindPythons(const std::string& chosen,
                                                   const std::vector<std::string>& environment,
                                                   std::stop_token stop);

/// Whether a version is in what a package calls Requires-Python: ">=3.10,<3.13". A part that can't
/// be understood excludes nothing.
bool PythonFits(std::string_view range, std::string_view version);

/// "3.11.2 (/usr/bin/python3.11), 3.13.0 (…)".
std::string PythonsText(const std::vector<PythonInterpreter>& pythons);

}  // namespace millrace
