#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "connector/destination.h"
#include "external/sent_states.h"
#include "external/write_run.h"

namespace millrace {

/// One attempt's writing into an ExternalDestination: every row is a RECORD line on the program's
/// input, every checkpoint a STATE after the rows that it covers, the end of a stream its status.
/// A checkpoint is committed when its state comes back. Streams go under the names that the
/// connection gives them at the destination.
class ExternalLoad : public Load {
 public:
  /// The references outlive it. Start follows.
  ExternalLoad(const ConfiguredCatalog& catalog, const LoadContext& context,
               CommitListener& listener);

  /// Starts the program; `files`: its configuration and catalog. Until then nothing else may be
  /// called but HasCommitsOf.
  Status Start(const ConnectorTasks& tasks, const std::vector<ConnectorFile>& files);

  Result<std::unique_ptr<StreamWriter>> OpenWriter(const ConfiguredStream& stream,
                                                   const SchemaPtr& schema, int lane) override;
  Status Commit(const Checkpoint& checkpoint, std::vector<StagedParts> parts) override;
  Status EndStream(const StreamDescriptor& stream) override;
  bool EndInput() override;
  bool WantsCheckpoint() const override;
  /// The program finishes its tables when it likes, and says so by its end.
  Status FinishStream(const StreamDescriptor&, StreamStatus) override { return Status::Ok(); }
  /// What was appended stays; a table that is being replaced may be gone with the program.
  bool HasCommitsOf(const StreamDescriptor& stream) const override;
  Status Close() override;

  /// A writer's rows, as whole lines.
  Status WriteRecords(const StreamDescriptor& stream, std::string_view lines, int64_t records);

 private:
  struct Stream {
    StreamDescriptor destination;
    bool replaced = false;
    bool started = false, ended = false;  // its statuses were sent
    int64_t records = 0;                  // sent since its last state
  };

  Status SayStatus(Stream& stream, StreamStatus status);
  StateMessage AtDestination(const StateMessage& state) const;
  int64_t TakeRecords(const StateMessage& state);
  Status TakeState(const Json& state);
  void TakeEnd(const Status& how, bool exited);

  const Clock& clock_;
  const std::stop_token abandon_;
  CommitListener& listener_;
  SentStates sent_;

  std::mutex mutex_;                            // of what goes to the program, and in which order
  std::map<StreamDescriptor, Stream> streams_;  // as the source names them; guarded by mutex_
  bool incomplete_ = false;                     // as above: some stream is, and the program knows

  bool strangers_ = false;  // echoes of unknown states were met; the reading thread's
  std::unique_ptr<WriteRun> run_;
};

}  // namespace millrace
