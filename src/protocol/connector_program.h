#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/resource_limits.h"
#include "protocol/json_field.h"

namespace millrace {

/// A connector that is no part of Millrace and speaks the Airbyte Protocol: a program of this
/// machine, or a container's image that an engine runs. A plain value without secrets.
struct ConnectorProgram {
  /// The program and its first arguments; of an image the engine (absolute) and options of its
  /// `run`.
  std::vector<std::string> command;
  std::string folder;  ///< absolute: relative names in `command` are from there
  /// JSON pointers into the configuration whose texts take the type that the specification asks
  /// for, which only the program knows.
  std::set<std::string> from_environment = {};
  std::string image = {};  ///< "airbyte/source-x:1.2.3"; empty: a program of this machine
  std::map<std::string, std::string> environment = {};  ///< that it gets beside its own
  /// Its ConnectorSpecification, where that is known already: the configuration fits it. Absent:
  /// the program is asked.
  std::optional<JsonValue> specification = {};
  ResourceLimits limits = {};  ///< of it and what it starts, within the attempt's
  /// The configuration is not refused, whatever the specification says: the program made it so
  /// itself.
  bool config_fits = false;
  /// It is given up when it says nothing for so long in a read or write; 0: the usual time.
  int64_t stall_seconds = 0;
  /// Of a source: fields that a stream's schema does not declare are kept, in a column of their
  /// own.
  bool keep_undeclared = false;
};

}  // namespace millrace
