#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "base/result.h"

namespace millrace {

/// A server without its API: runs jobs of a metadata database that others share. It needs their
/// secret key, and a data folder of its own. Owned by the worker command's main thread.
class MillraceWorker {
 public:
  static Result<std::unique_ptr<MillraceWorker>> Start(const std::filesystem::path& data_dir,
                                                       const std::string& database_url,
                                                       const std::string& log_storage);
  virtual ~MillraceWorker() = default;

  /// Takes nothing new on; attempts about to end are waited for, the others run on.
  virtual void Stop(std::chrono::milliseconds limit) = 0;
};

}  // namespace millrace
