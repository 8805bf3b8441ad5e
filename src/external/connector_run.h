#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/resource_limits.h"
#include "base/result.h"
#include "protocol/json_field.h"
#include "subprocess/child_process.h"
#include "subprocess/scratch_folder.h"

namespace millrace {

/// A program that speaks the Airbyte Protocol. A plain value.
struct ConnectorCommand {
  std::vector<std::string> arguments;  ///< the program and what it needs before "read --config …"
  std::filesystem::path folder;        ///< absolute; it works there
  /// Of a container: `arguments` are the engine and options of its `run`. Empty: a program.
  std::string image = {};
  std::map<std::string, std::string> environment = {};  ///< that it gets beside its own
  /// It is given up when it prints nothing for so long (while somebody waits for it).
  std::chrono::milliseconds stall = std::chrono::minutes(90);
  ResourceLimits limits = {};  ///< of it and what it starts
};

/// A file that a connector reads its input from: "--config" and what stands in it.
struct ConnectorFile {
  std::string option;
  JsonValue content;
};

/// One run of a connector for one task. Its files lie in a private folder of this run, which is the
/// program's home too and goes with it; no secret is on the command line (PrepareLaunch). The
/// program knows nothing of our environment (ConfinedEnvironment). What it says on standard error
/// goes to the log. One thread starts it, uses it and ends it.
class ConnectorRun {
 public:
  static Result<std::unique_ptr<ConnectorRun>> Start(const ConnectorCommand& command,
                                                     const std::string& task,
                                                     const std::vector<ConnectorFile>& files);
  /// Ends what still runs, a container too.
  ~ConnectorRun();

  using TakeOutput = std::function<Status(std::string_view chunk)>;
  /// Hands on all that it prints, until the end of it or until `take` fails. Then the program ends
  /// too, within a bound, or is stopped. Fails as `take` did; transient: silence beyond the stall
  /// time, or a program that does not end; kCanceled: stopped by `stop`.
  Status Read(const TakeOutput& take, std::stop_token stop);

  /// After Read.
  const ChildExit& exit() const { return exit_; }

 private:
  ConnectorRun(ScratchFolder folder, std::chrono::milliseconds stall)
      : folder_(std::move(folder)), stall_(stall) {}

  Status ReadToEnd(const TakeOutput& take, const std::stop_token& stop);

  const ScratchFolder folder_;
  const std::chrono::milliseconds stall_;
  std::unique_ptr<ChildProcess> child_;
  std::vector<std::string> removal_;  // of a container: ConnectorLaunch
  ChildExit exit_;
  bool ended_ = false;  // by itself
};

}  // namespace millrace
