#include "cli/connectors/named_version.h"

namespace millrace {

Result<NamedVersion> NamedVersionOf(const CommandLine& line) {
  const size_t equals = line.name.find("==");
  if (equals == std::string::npos) return NamedVersion{line.name, line.version};
  if (!line.version.empty()) {
    return ConfigError("{} names a version, and so does --version", line.name);
  }
  NamedVersion named{line.name.substr(0, equals), line.name.substr(equals + 2)};
  if (named.version.empty()) return ConfigError("{} names no version", line.name);
  return named;
}

}  // namespace millrace
