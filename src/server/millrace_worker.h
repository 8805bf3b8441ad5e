#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "base/result.h"
#include "control/resources/attempt_limits.h"
#include "server/attempts/attempt_https.h"

namespace millrace {

/// What `millrace worker` is started with; each means what it means for a server.
struct WorkerOptions {
  std::filesystem::path data_dir;      ///< of its own
  std::string database_url;            ///< the servers'
  std::string log_storage;             ///< the servers'
  std::filesystem::path files_dir;     ///< empty: `files` in data_dir
  bool allow_custom_commands = false;  ///< see ServerOptions
  bool allow_link_local = false;
  AttemptHttps attempt_https;
  DefaultResources resources;  ///< of config.yaml; the environment's are added
};

/// A server without its API: runs jobs of a metadata database that others share. It needs their
/// secret key, and a data folder of its own. Owned by the worker command's main thread.
class MillraceWorker {
 public:
  static Result<std::unique_ptr<MillraceWorker>> Start(const WorkerOptions& options);
  virtual ~MillraceWorker() = default;

  /// Takes nothing new on; attempts about to end are waited for, the others run on.
  virtual void Stop(std::chrono::milliseconds limit) = 0;
};

}  // namespace millrace
