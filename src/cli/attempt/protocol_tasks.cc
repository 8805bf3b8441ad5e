#include "cli/attempt/protocol_tasks.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "base/error_of.h"
#include "base/file_io.h"
#include "base/log.h"
#include "catalogue/connector_packages.h"
#include "cli/attempt/attempt_ends.h"
#include "cli/attempt/manifest_tasks.h"
#include "cli/attempt/message_source.h"
#include "cli/attempt/protocol_output.h"
#include "cli/attempt/record_destination.h"
#include "cli/attempt/stream_status_messages.h"
#include "cli/attempt/sync_options_of.h"
#include "pipeline/run_sync.h"
#include "protocol/message.h"
#include "protocol/no_cursor_state.h"
#include "subprocess/forced_exit.h"

namespace millrace {
namespace {

/// Standard input, until it ends or the attempt is told to.
class StandardInput : public ByteReader {
 public:
  explicit StandardInput(const AttemptStop& stop) : stop_(stop) {}

  Result<int64_t> Read(char* out, int64_t size) override {
    constexpr int kTickMs = 100;
    while (!stop_.requested()) {
      pollfd waited = {STDIN_FILENO, POLLIN, 0};
      if (::poll(&waited, 1, kTickMs) <= 0) continue;
      const ssize_t got = ::read(STDIN_FILENO, out, static_cast<size_t>(size));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return ErrnoError(errno, "reading standard input");
      return got;
    }
    return Status::Canceled();
  }

 private:
  const AttemptStop& stop_;
};

/// Tells the platform what a connector made of its configuration, for it to keep.
KeepConfig ConfigMessages(ProtocolOutput& output) {
  return [&output](const ConfigChange& change) { return output.WriteConfig(*change.config); };
}

/// The state store of a connector that runs by the protocol: a saved state is a STATE message.
class ProtocolStateStore : public StateStore {
 public:
  /// `destination`: the counts are the destination's, about what it made durable.
  ProtocolStateStore(ProtocolOutput& output, SavedState saved, bool destination)
      : output_(output), saved_(std::move(saved)), destination_(destination) {}

  Result<SavedState> Load() override { return saved_; }

  Status Save(const StateMessage& state, CheckpointId, const RecordCounts& counts) override {
    int64_t records = 0;
    for (const auto& [stream, count] : counts) records += count;
    Json message =
        StateMessageEnvelope(state, destination_ ? std::nullopt : std::optional(records));
    if (destination_) {
      message["state"]["destinationStats"] = {{"recordCount", static_cast<double>(records)}};
    }
    return output_.WriteLines(MessageLine(message));
  }

 private:
  ProtocolOutput& output_;
  SavedState saved_;
  const bool destination_;
};

int RunCheck(const StartDocument& start, ProtocolOutput& output) {
  Status status;
  if (start.source) {
    const auto source = MakeSource(*start.source, ConfigMessages(output));
    status = source.ok() ? (*source)->Check() : source.status();
  } else {
    const auto destination = MakeDestination(*start.destination);
    status = destination.ok() ? (*destination)->Check() : destination.status();
  }
  // The platform reads the status; what is not the configuration's fault it learns from the trace.
  if (!status.ok() && ErrorOf(status).type != FailureType::kConfigError) output.Fail(status);
  output.WriteWords(ConnectionStatusMessage(status.ok(), status.ok() ? "" : status.ToString()));
  return 0;
}

int RunDiscover(const StartDocument& start, ProtocolOutput& output) {
  const auto source = MakeSource(*start.source, ConfigMessages(output));
  if (!source.ok()) return output.Fail(source.status());
  const auto catalog = (*source)->Discover();
  if (!catalog.ok()) return output.Fail(catalog.status());
  output.WriteMessage(CatalogMessage(*catalog));
  return 0;
}

/// A platform that gives a reader the state of a full refresh wants it to go on there, unless it is
/// the one that says "read": then it is last time's.
ConfiguredCatalog CatalogOf(const StartDocument& start) {
  ConfiguredCatalog catalog = *start.catalog;
  for (ConfiguredStream& stream : catalog.streams) {
    const Json* const state = start.saved.state.Find(stream.descriptor());
    stream.goes_on = start.source && stream.sync_mode == SyncMode::kFullRefresh &&
                     state != nullptr && !state->empty() && !SaysRead(*state);
  }
  return catalog;
}

/// Copies between a connector and standard in- or output.
int Copy(const StartDocument& start, Source& source, Destination& destination,
         ProtocolOutput& output, ProgressListener* listener, AttemptStop& stop) {
  ProtocolStateStore states(output, start.saved, start.destination.has_value());
  SyncOptions options = SyncOptionsOf(start);
  options.listener = listener;
  if (start.source) {
    // Whoever reads wants states as they come.
    options.commit_interval = std::chrono::milliseconds(0);
  }
  options.finish_early = stop.finish_token();
  options.stuck = [](const SyncSummary&) { LeaveAtOnce(1); };
  const auto summary =
      RunSync(source, destination, states, CatalogOf(start), options, stop.cancel_token());
  if (!summary.ok()) return output.Fail(summary.status());
  for (const StreamProgress& stream : summary->streams) {
    if (!stream.error) continue;
    Error error = *stream.error;
    if (!error.stream) error.stream = stream.stream;
    output.WriteError(error);
  }
  if (summary->error) output.WriteError(*summary->error);
  return summary->outcome == SyncOutcome::kSucceeded ? 0 : 1;
}

int RunRead(const StartDocument& start, ProtocolOutput& output, AttemptStop& stop) {
  const auto source = MakeSource(*start.source, ConfigMessages(output));
  if (!source.ok()) return output.Fail(source.status());
  StreamStatusMessages statuses(output);
  RecordDestination destination(output, statuses);
  return Copy(start, **source, destination, output, &statuses, stop);
}

int RunWrite(const StartDocument& start, ProtocolOutput& output, AttemptStop& stop) {
  const auto destination = MakeDestination(*start.destination);
  if (!destination.ok()) return output.Fail(destination.status());
  MessageSource source(std::make_unique<StandardInput>(stop));
  return Copy(start, source, **destination, output, nullptr, stop);
}

}  // namespace

int RunProtocolTask(const StartDocument& start, AttemptStop& stop) {
  ProtocolOutput output;
  SetLogSink([&output](LogLevel level, std::string_view message) {
    output.WriteWords(LogMessage(level, message));
  });
  int exit_code = 1;
  const bool manifest =
      start.source && !start.source->program && start.source->name == kManifestRunner;
  if (manifest) {
    exit_code = RunManifestTask(start, output, stop);
    SetLogSink([](LogLevel, std::string_view) {});
    return exit_code;
  }
  if (start.task == "connector check") exit_code = RunCheck(start, output);
  if (start.task == "connector discover") exit_code = RunDiscover(start, output);
  if (start.task == "connector read") exit_code = RunRead(start, output, stop);
  if (start.task == "connector write") exit_code = RunWrite(start, output, stop);
  SetLogSink([](LogLevel, std::string_view) {});
  return exit_code;
}

}  // namespace millrace
