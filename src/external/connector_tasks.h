#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "external/connector_run.h"
#include "external/connector_words.h"
#include "protocol/json_field.h"

namespace millrace {

/// What an external connector is made from. A plain value.
struct ExternalConnector {
  ConnectorCommand command;
  JsonValue config;
  /// Its ConnectorSpecification, where that is known; else it is asked for it.
  std::optional<JsonValue> specification = {};
  /// Makes the configuration fit the connector's own specification (`connectionSpecification`) and
  /// registers its secrets, so that nothing that the connector says shows them. A config error:
  /// it doesn't fit.
  std::function<Status(const Json& specification, Json* config)> fit_config;
  /// Of a source: fields that a stream's schema does not declare arrive in kUndeclaredColumn.
  bool keep_undeclared = false;
  /// Keeps a configuration that the connector changed; durable when it returns. From any thread.
  /// Empty: it is used to the end of this source or destination only, and a warning says so.
  ConnectorWords::KeepConfig keep_config;
};

/// The tasks of an external connector that end in one answer (`spec`, `check`, `discover`), and its
/// configuration, which they and the others share. Owned by the source or destination that the
/// connector is; one thread, except for KeepConfig.
class ConnectorTasks {
 public:
  /// No record that a destination could take, nor any answer, is a longer line.
  static constexpr int64_t kLineBytesMax = 64 << 20;

  explicit ConnectorTasks(ExternalConnector connector)
      : connector_(std::move(connector)), config_(connector_.config) {}

  /// Asks for the specification, unless it is known, and makes the configuration fit it: before
  /// everything else, once.
  Status Prepare();
  /// Requires Prepare, as all below. The whole answer to `spec`.
  const Json& spec() const { return *spec_; }

  /// Ok when the connector's `check` says so.
  Status Check();

  /// Runs a task that has one answer, a message of type `answer`; returns its object `key`.
  Result<JsonValue> Ask(const std::string& task, const std::string& answer, const char* key,
                        const std::vector<ConnectorFile>& files) const;

  const ConnectorCommand& command() const { return connector_.command; }
  bool keep_undeclared() const { return connector_.keep_undeclared; }
  /// "--config", as it fits, and as the connector changed it.
  ConnectorFile ConfigFile() const;
  /// What takes the configuration that a run changes: a system error beyond a thousand changes, or
  /// when it is larger than a megabyte. One that is the same as before is no change. The object
  /// outlives the run.
  ConnectorWords::KeepConfig ConfigKeeper() const;

 private:
  const ExternalConnector connector_;
  mutable std::mutex mutex_;
  mutable JsonValue config_;        // guarded by mutex_
  mutable int config_changes_ = 0;  // as above
  JsonValue spec_;
  bool prepared_ = false;
};

}  // namespace millrace
