#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "attempt/config_change.h"
#include "attempt/start_document.h"
#include "base/result.h"

namespace millrace {

/// The configurations that a connection's connectors changed themselves (rotated tokens), in the
/// connection's folder: `source.config.json`, `destination.config.json`, mode 0600 because they
/// hold secrets. Each is used in place of the connection file's until the file's value changes,
/// which is known by a salted hash of it. One object a command; its thread.
class KeptConfigs {
 public:
  /// Reads what is kept in `folder`, which need not be there. A config error: a file that can't be
  /// read.
  static Result<KeptConfigs> Load(const std::filesystem::path& folder);

  /// Puts what is kept in the place of what the connection file gave to the ends of `start`.
  void Use(StartDocument* start);

  /// Durable when it returns. Requires that Use saw the end.
  Status Keep(const ConfigChange& change);

 private:
  struct Kept {
    std::string salt;
    std::string hash;  ///< of the file's value that the connector was started with
    JsonValue config;
  };

  explicit KeptConfigs(std::filesystem::path folder) : folder_(std::move(folder)) {}
  std::filesystem::path PathOf(const std::string& end) const;
  void UseFor(const std::string& end, ConnectorConfig* connector);

  std::filesystem::path folder_;
  std::map<std::string, Kept> kept_;           // by end
  std::map<std::string, JsonValue> of_files_;  // by end: as the connection file has it
};

}  // namespace millrace
