#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "attempt/start_document.h"
#include "base/result.h"
#include "control/worker/attempt_handle.h"
#include "control/worker/attempt_id.h"

namespace millrace {

/// Starts attempts that outlive this process, and finds those that an earlier one left. One per
/// server or worker, over the `attempts` folder of its data folder, which nobody else uses: a
/// folder of each attempt, with its temporary files and how to find it again, and the socket that
/// attempts call when they lost their channel. Thread-safe.
class AttemptLauncher {
 public:
  struct Options {
    std::filesystem::path data_dir;
    ConnectorRules rules;
    std::filesystem::path program;  ///< empty: AttemptProgram()
  };

  /// Makes the folder (mode 0700) and listens. The caller holds the data folder's lock.
  static Result<std::unique_ptr<AttemptLauncher>> Open(Options options);
  ~AttemptLauncher();
  AttemptLauncher(const AttemptLauncher&) = delete;
  AttemptLauncher& operator=(const AttemptLauncher&) = delete;

  /// Starts the attempt. Task, ends, catalog, state, attempt count, fencing token and limits are
  /// the caller's; what else the document needs to outlive us is filled in here.
  Result<std::unique_ptr<AttemptHandle>> Start(AttemptId id, StartDocument start);

  /// The attempts that earlier processes left and nobody has found yet, in order; their processes
  /// may have ended meanwhile. For each of them call Find, and then Kill what is not wanted any
  /// more or Wait for the rest; HowItEnded clears up.
  Result<std::vector<AttemptId>> Left() const;
  /// A handle on such an attempt, out of touch at first: it calls within seconds, as long as it
  /// lives. A config error when there is no such attempt here.
  Result<std::unique_ptr<AttemptHandle>> Find(AttemptId id);

  /// How limits are enforced on this machine, in words, for the server's log.
  std::string HowLimitsHold() const;

 private:
  class Listener;
  explicit AttemptLauncher(Options options);

  Options options_;
  std::unique_ptr<Listener> listener_;
};

}  // namespace millrace
