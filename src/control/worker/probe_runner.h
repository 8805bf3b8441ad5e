#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include "attempt/config_change.h"
#include "attempt/start_document.h"
#include "base/status.h"
#include "control/resources/attempt_limits.h"
#include "control/worker/limit_keeper.h"
#include "protocol/json_field.h"

namespace millrace {

/// How a probe ended.
struct ProbeOutcome {
  Status status;                 ///< why not, as the connector says it
  JsonValue result;              ///< of a discovery: the catalog; of "spec": the specification
  std::vector<std::string> log;  ///< lines, the last 1,000
  /// It was killed because it used more memory than it may, or the machine had none left.
  bool out_of_memory = false;
  /// The connector changed its configuration, and that was kept.
  bool configuration_changed = false;
};

/// Runs checks and discoveries, and asks for specifications, each in a process of its own that ends
/// with the thread that waits for it. One per server or worker, owned by its main thread.
/// Thread-safe.
class ProbeRunner {
 public:
  struct Options {
    ConnectorRules rules;
    DefaultResources resources;     ///< what a probe may use when nobody else says so
    std::filesystem::path program;  ///< empty: AttemptProgram()
  };
  /// `limits` outlives it.
  ProbeRunner(Options options, LimitKeeper& limits)
      : options_(std::move(options)), limits_(limits) {}

  /// Runs it and waits; the process is killed when `limit` passes, which is a transient error, or
  /// when `stop` is requested (kCanceled, within a second). `start`: the task and its one end;
  /// `said`: what was set for that end; `keep_config` keeps what the connector changes in its
  /// configuration (empty: nobody does, and the log says so).
  ProbeOutcome Run(StartDocument start, const EndResources& said, std::chrono::seconds limit,
                   const KeepConfig& keep_config, const std::stop_token& stop = {}) const;

 private:
  const Options options_;
  LimitKeeper& limits_;
  mutable std::atomic<int64_t> started_ = 0;
};

}  // namespace millrace
