#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string_view>
#include <thread>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "external/connector_run.h"
#include "external/connector_tasks.h"
#include "external/connector_words.h"

namespace millrace {

/// A connector that runs `write`: its input, which several threads share, and a thread that reads
/// what it prints until its end. Owned by an ExternalLoad.
class WriteRun {
 public:
  struct Events {
    /// A STATE's fields. From the reading thread.
    std::function<Status(const Json& state)> on_state;
    /// It is over, and how: ok when it ended by itself, well, and after its input had. Not called
    /// when it was stopped from outside. `exited`: with an exit code, whichever. The last event,
    /// from the reading thread.
    std::function<void(const Status& how, bool exited)> on_end;
  };

  /// Starts it. `tasks` outlives it; `abandon` stops it.
  static Result<std::unique_ptr<WriteRun>> Start(const ConnectorTasks& tasks,
                                                 const std::vector<ConnectorFile>& files,
                                                 Events events, std::stop_token abandon);
  /// Stops it.
  ~WriteRun() { Stop(); }

  /// Hands it whole lines. Blocks while it does not read. Fails with the reason of its end, or with
  /// kCanceled.
  Status Write(std::string_view lines);
  /// Its input ends here.
  void CloseInput();
  /// Ends it, unless it has ended.
  void Stop();

 private:
  WriteRun(std::unique_ptr<ConnectorRun> run, ConnectorWords::KeepConfig keep_config, Events events,
           std::stop_token abandon);

  void ReadLoop();
  Status HowItEnded(const Status& read, const ConnectorWords& words) const;

  const std::unique_ptr<ConnectorRun> run_;
  const ConnectorWords::KeepConfig keep_config_;
  const Events events_;
  std::stop_source stop_;
  const std::stop_callback<std::function<void()>> on_abandon_;

  mutable std::mutex mutex_;
  std::condition_variable_any ended_;
  bool input_ended_ = false;             // guarded by mutex_
  std::optional<Status> write_failure_;  // as above: why it was stopped
  std::optional<Status> how_;            // as above: once it is over
  std::jthread reader_;
};

}  // namespace millrace
