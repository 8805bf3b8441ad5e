#pragma once

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "control/logs/log_event.h"
#include "control/logs/log_storage.h"

namespace millrace {

/// The logs of attempts: workers write them, API calls read them. One per process, owned by the
/// server or worker. Thread-safe.
///
/// Lines wait in memory until the next write, a quarter of a second at most (a storage that takes
/// longer for a write sets the pace), so that whoever has something to log never waits. A process
/// that is killed loses what waited. What doesn't fit is left out, and the log says how much.
class AttemptLogs {
 public:
  struct Options {
    int64_t attempt_bytes_max = 100 << 20;  ///< of one log; the rest is left out
    int64_t line_bytes_max = 64 << 10;      ///< longer messages are cut
    int64_t waiting_bytes_max = 4 << 20;    ///< of one attempt
    std::chrono::milliseconds write_interval{250};
    std::chrono::milliseconds retry_interval{5000};  ///< after a write that failed
  };

  /// `place`: empty for files below `data_dir`/logs, or "s3://BUCKET/PREFIX", with
  /// "?endpoint=URL&region=NAME" where it isn't AWS; keys come from AWS_ACCESS_KEY_ID and
  /// AWS_SECRET_ACCESS_KEY. Config errors say what is wrong with it.
  static Result<std::unique_ptr<AttemptLogs>> OpenAt(const std::string& place,
                                                     const std::filesystem::path& data_dir,
                                                     const Clock& clock);
  AttemptLogs(std::unique_ptr<LogStorage> storage, const Clock& clock, Options options);
  AttemptLogs(std::unique_ptr<LogStorage> storage, const Clock& clock)
      : AttemptLogs(std::move(storage), clock, Options()) {}
  /// Tries once more to write what waits.
  ~AttemptLogs();

  // Writing: by the worker that has the attempt.

  /// Before the first line of an attempt that was started or found again. `secrets`: the texts of
  /// its configurations that must not be in the log (see SecretTexts), besides what the process
  /// strikes anyway. Asks the storage what an earlier process wrote.
  void Begin(const AttemptId& id, std::vector<std::string> secrets);
  /// Adds a line. Never blocks for long, never fails.
  void Append(const AttemptId& id, LogEvent event);
  /// A copy of a state that the attempt committed and the store saved: {"state": [message …]}.
  void KeepState(const AttemptId& id, int64_t checkpoint, const Json& state);
  /// After the last line: everything is written, or the storage failed, when it returns.
  void End(const AttemptId& id);

  // Reading: from any process, also while the attempt runs.

  struct Piece {
    std::string lines;        ///< whole JSON lines
    int64_t next_offset = 0;  ///< where to read on
  };
  /// From `offset` (0, or a next_offset) on, about `bytes_max` at most; a single longer line comes
  /// whole. Empty at the end, and when there is no such log.
  Result<Piece> Read(const AttemptId& id, int64_t offset, int64_t bytes_max) const;
  /// For an offset that somebody made up: where the first line begins that begins there or later.
  /// `offset` itself as long as the log is no longer than that: ask again then.
  Result<int64_t> LineStart(const AttemptId& id, int64_t offset) const;
  /// The newest `lines_max` lines, the oldest of them first, out of the last 4 MB.
  Result<std::vector<LogEvent>> Newest(const AttemptId& id, size_t lines_max) const;

  LogStorage& storage() const { return *storage_; }

 private:
  struct Open;

  Open& Opened(const AttemptId& id);
  void AddLine(Open& open, const LogEvent& event);
  void SayWhatIsLeftOut(Open& open);
  void WriteLoop(const std::stop_token& stop);
  void WriteWaiting(const AttemptId& id);

  const std::unique_ptr<LogStorage> storage_;
  const Clock& clock_;
  const Options options_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<AttemptId, std::shared_ptr<Open>> open_;  // guarded by mutex_
  std::jthread writer_;
};

}  // namespace millrace
