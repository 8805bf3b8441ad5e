#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "attempt/start_document.h"
#include "base/result.h"
#include "control/worker/attempt_handle.h"
#include "control/worker/attempt_id.h"
#include "control/worker/attempt_listener.h"
#include "control/worker/limit_keeper.h"

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
    /// Where attempts reach this process over HTTPS, and the certificates that they trust there
    /// (a PEM file); empty: they talk over sockets.
    std::string https_url;
    std::filesystem::path https_ca_bundle;
  };

  /// Makes the folder (mode 0700) and listens. The caller holds the data folder's lock; `limits`
  /// outlives it.
  static Result<std::unique_ptr<AttemptLauncher>> Open(Options options, LimitKeeper& limits);
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

  /// For who takes calls over HTTPS: see AttemptListener.
  std::shared_ptr<CallSlot> Admit(AttemptId id, const std::string& token) const;

 private:
  AttemptLauncher(Options options, LimitKeeper& limits, std::unique_ptr<AttemptListener> listener)
      : options_(std::move(options)), limits_(limits), listener_(std::move(listener)) {}

  std::filesystem::path attempts() const { return options_.data_dir / "attempts"; }
  std::filesystem::path socket_path() const { return attempts() / "socket"; }
  std::unique_ptr<AttemptHandle> MakeHandle(const AttemptRecord& record, AttemptFolder folder,
                                            std::unique_ptr<JsonLineSocket> socket);

  const Options options_;
  LimitKeeper& limits_;
  std::unique_ptr<AttemptListener> listener_;
};

}  // namespace millrace
