#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
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
  /// It is given up when it prints nothing for so long (while somebody waits for it), or when it
  /// neither takes anything of its input nor prints anything.
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
/// goes to the log. One thread starts it and outlives it; one reads it, which ends it; any may
/// write.
class ConnectorRun {
 public:
  enum class Input { kNone, kPiped };
  static Result<std::unique_ptr<ConnectorRun>> Start(const ConnectorCommand& command,
                                                     const std::string& task,
                                                     const std::vector<ConnectorFile>& files,
                                                     Input input = Input::kNone);
  /// Ends what still runs, a container too.
  ~ConnectorRun();

  /// Gives it all of `text`, in one piece among those of other threads; with a piped input. Blocks
  /// while the program does not read. Transient: it no longer reads, or stood still for the stall
  /// time. kCanceled: stopped by `stop`, or Read is ending it.
  Status Write(std::string_view text, std::stop_token stop);
  /// Its input ends here.
  void CloseInput();

  using TakeOutput = std::function<Status(std::string_view chunk)>;
  /// Hands on all that it prints, until the end of it or until `take` fails. Then the program ends
  /// too, within a bound, or is stopped. Fails as `take` did; transient: silence beyond the stall
  /// time (once its input has ended), or a program that does not end; kCanceled: stopped by `stop`.
  Status Read(const TakeOutput& take, std::stop_token stop);

  /// After Read.
  const ChildExit& exit() const { return exit_; }

 private:
  ConnectorRun(ScratchFolder folder, std::chrono::milliseconds stall)
      : folder_(std::move(folder)), stall_(stall) {}

  Status ReadToEnd(const TakeOutput& take, const std::stop_token& stop);
  Status AwaitOutput(char* out, int64_t* got, const std::stop_token& stop);
  ChildExit End();

  const ScratchFolder folder_;
  const std::chrono::milliseconds stall_;
  std::unique_ptr<ChildProcess> child_;
  std::vector<std::string> removal_;  // of a container: ConnectorLaunch
  ChildExit exit_;
  bool ended_ = false;                // by itself
  std::mutex input_mutex_;            // of its input: writing and closing
  std::atomic<bool> ending_ = false;  // whoever writes gives up
  std::atomic<bool> input_open_ = true;
  std::atomic<SteadyTime> last_read_ = SteadyTime();  // when it last printed something
};

}  // namespace millrace
