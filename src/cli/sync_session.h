#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "attempt/file_state_store.h"
#include "attempt/start_document.h"
#include "cli/attempt_conversation.h"
#include "cli/connection_file.h"
#include "cli/connection_folder.h"
#include "cli/kept_configs.h"
#include "cli/sync_counters.h"

namespace millrace {

/// What a whole sync came to, over all its attempts.
struct SyncResult {
  /// succeeded, partial, failed, canceled, interrupted. A stream's records are those of all
  /// attempts.
  SyncReport report;
  std::string source, destination;  ///< the connectors' names
  int attempts = 0;
  int64_t sync_id = 0;
  bool before_contact = false;  ///< a config error found before anything was contacted
  bool notes_changes = true;    ///< rows have _airbyte_meta
  std::map<StreamDescriptor, ConfiguredStream> configured;
};

/// One `millrace sync`: up to three attempts, each a process of its own, over one state, one set
/// of counters and one lock. Owns what attempts ask for: configuring the catalog, storing states.
/// Transient failures are tried again with a growing pause; streams that are complete are not read
/// again. Main thread.
class SyncSession {
 public:
  struct Request {
    const ConnectionFile* file;
    StartDocument start;            ///< without catalog, state and attempt
    std::vector<std::string> only;  ///< --stream
    bool full_refresh = false;
  };

  SyncSession(Request request, ConnectionFolder& folder, SyncCounters counters, KeptConfigs& kept,
              InterruptSignals& signals, ProgressDisplay& display);

  SyncResult Run();

 private:
  /// Runs one attempt and merges what it did into result_. True when another one is worth it.
  bool RunAttempt();
  bool PauseBeforeRetry();
  Result<Json> Answer(const Json& message);
  Result<Json> AnswerCatalog(const Json& message);
  Result<Json> AnswerState(const Json& message);
  void OnProgress(const StreamReport& report);
  void MergeReport(const SyncReport& report);
  void MergeStream(const StreamReport& report);
  void Settle(const AttemptOutcome& outcome);

  Request request_;
  FileStateStore store_;
  SyncCounters counters_;
  KeptConfigs& kept_;
  InterruptSignals& signals_;
  ProgressDisplay& display_;
  SyncResult result_;
  std::set<StreamDescriptor> complete_;               // in earlier attempts or this one
  std::map<StreamDescriptor, StreamReport> live_;     // of this attempt
  std::map<StreamDescriptor, StreamReport> earlier_;  // sums of earlier attempts
};

}  // namespace millrace
