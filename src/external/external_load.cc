#include "external/external_load.h"

#include <nlohmann/json.hpp>
#include <random>
#include <utility>

#include "base/log.h"
#include "external/record_lines.h"

namespace millrace {
namespace {

/// States that the program holds back take memory here, too: beyond this it gets fewer of them.
constexpr int64_t kUnechoedBytesMax = 2 << 20;

/// Far from what a program would count from; Airbyte's own destinations take 31 bits.
int64_t FirstNumber() {
  constexpr int64_t kLeast = 1 << 20, kMost = 1 << 30;
  std::random_device device;
  return std::uniform_int_distribution<int64_t>(kLeast, kMost)(device);
}

std::string Line(const Json& message) {
  return message.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

/// One lane of one stream.
class ExternalWriter : public StreamWriter {
 public:
  ExternalWriter(ExternalLoad& load, const StreamDescriptor& stream, int lane, const Clock& clock,
                 RecordLines lines)
      : load_(load), stream_(stream), lane_(lane), clock_(clock), lines_(std::move(lines)) {}

  Status Write(const ChangeBatch& batch) override {
    records_ += batch.num_rows();
    return lines_.Write(batch, clock_.WallNow(), [this](std::string_view lines, int64_t records) {
      return load_.WriteRecords(stream_, lines, records);
    });
  }

  Status SetSchema(const SchemaPtr& schema) override { return lines_.SetSchema(schema); }

  /// Without bytes: however much the program has not committed, it need not be waited for.
  Result<StagedParts> Flush() override {
    return StagedParts{stream_, lane_, {}, std::exchange(records_, 0), /*bytes=*/0};
  }

 private:
  ExternalLoad& load_;
  const StreamDescriptor stream_;
  const int lane_;
  const Clock& clock_;
  RecordLines lines_;
  int64_t records_ = 0;
};

}  // namespace

ExternalLoad::ExternalLoad(const ConfiguredCatalog& catalog, const LoadContext& context,
                           CommitListener& listener)
    : clock_(context.clock != nullptr ? *context.clock : Clock::System()),
      abandon_(context.abandon),
      listener_(listener),
      sent_(FirstNumber()) {
  for (const ConfiguredStream& stream : catalog.streams) {
    Stream& known = streams_[stream.descriptor()];
    known.destination = stream.destination;
    known.replaced = stream.replaces_table();
  }
}

Status ExternalLoad::Start(const ConnectorTasks& tasks, const std::vector<ConnectorFile>& files) {
  WriteRun::Events events;
  events.on_state = [this](const Json& state) { return TakeState(state); };
  events.on_end = [this](const Status& how, bool exited) { TakeEnd(how, exited); };
  MR_ASSIGN_OR_RETURN(run_, WriteRun::Start(tasks, files, std::move(events), abandon_));
  return Status::Ok();
}

Result<std::unique_ptr<StreamWriter>> ExternalLoad::OpenWriter(const ConfiguredStream& stream,
                                                               const SchemaPtr& schema, int lane) {
  MR_ASSIGN_OR_RETURN(auto lines, RecordLines::Make(stream.destination, schema));
  const std::lock_guard lock(mutex_);
  MR_RETURN_IF_ERROR(SayStatus(streams_.at(stream.descriptor()), StreamStatus::kStarted));
  return std::make_unique<ExternalWriter>(*this, stream.descriptor(), lane, clock_,
                                          std::move(lines));
}

Status ExternalLoad::WriteRecords(const StreamDescriptor& stream, std::string_view lines,
                                  int64_t records) {
  const std::lock_guard lock(mutex_);
  MR_RETURN_IF_ERROR(run_->Write(lines));
  streams_.at(stream).records += records;
  return Status::Ok();
}

Status ExternalLoad::Commit(const Checkpoint& checkpoint, std::vector<StagedParts>) {
  const std::lock_guard lock(mutex_);
  const int64_t records = TakeRecords(checkpoint.state);
  const Json fields = sent_.Add(checkpoint.id, AtDestination(checkpoint.state), records);
  return run_->Write(Line({{"type", "STATE"}, {"state", fields}}));
}

Status ExternalLoad::EndStream(const StreamDescriptor& stream) {
  const std::lock_guard lock(mutex_);
  return SayStatus(streams_.at(stream), StreamStatus::kComplete);
}

bool ExternalLoad::EndInput() {
  {
    const std::lock_guard lock(mutex_);
    for (auto& [name, stream] : streams_) {
      if (stream.ended) continue;
      incomplete_ = true;
      // What goes wrong here is how the program ended, which it says itself.
      (void)SayStatus(stream, StreamStatus::kIncomplete).ok();
    }
  }
  run_->CloseInput();
  return true;
}

bool ExternalLoad::WantsCheckpoint() const { return sent_.bytes() < kUnechoedBytesMax; }

bool ExternalLoad::HasCommitsOf(const StreamDescriptor& stream) const {
  const auto found = streams_.find(stream);
  return found != streams_.end() && !found->second.replaced;
}

Status ExternalLoad::Close() {
  if (run_ != nullptr) run_->Stop();
  return Status::Ok();
}

Status ExternalLoad::SayStatus(Stream& stream, StreamStatus status) {
  const bool started = std::exchange(stream.started, true);
  std::string lines;
  const auto say = [&](StreamStatus said) {
    lines += Line(StreamStatusMessage(stream.destination, said, clock_.WallNow()));
  };
  if (!started) say(StreamStatus::kStarted);
  if (status != StreamStatus::kStarted) {
    stream.ended = true;
    say(status);
  }
  return lines.empty() ? Status::Ok() : run_->Write(lines);
}

StateMessage ExternalLoad::AtDestination(const StateMessage& state) const {
  StateMessage renamed = state;
  for (auto& [stream, content] : renamed.streams) {
    const auto found = streams_.find(stream);
    if (found != streams_.end()) stream = found->second.destination;
  }
  return renamed;
}

/// How many records were sent since the state before: of the stream, or of all.
int64_t ExternalLoad::TakeRecords(const StateMessage& state) {
  if (state.type == StateMessage::Type::kStream) {
    const auto found = streams_.find(state.streams[0].first);
    return found == streams_.end() ? 0 : std::exchange(found->second.records, 0);
  }
  int64_t records = 0;
  for (auto& [name, stream] : streams_) records += std::exchange(stream.records, 0);
  return records;
}

Status ExternalLoad::TakeState(const Json& state) {
  const SentStates::Echo echo = sent_.Take(state);
  for (const CheckpointId id : echo.confirmed) listener_.CommittedAlone(id);
  if (!echo.known && !std::exchange(strangers_, true)) {
    Log(LogLevel::kWarn,
        "the destination confirmed a state that it was never given; such states are ignored");
  }
  return Status::Ok();
}

void ExternalLoad::TakeEnd(const Status& how, bool exited) {
  if (how.ok()) {
    for (const CheckpointId id : sent_.ConfirmedByContent()) listener_.CommittedAlone(id);
  }
  Status ended = how;
  if (how.failed() && exited && sent_.size() == 0) {
    const std::lock_guard lock(mutex_);
    if (incomplete_) {
      // It was told so, and many answer with an exit code: the reason lies elsewhere.
      Log(LogLevel::kWarn, "the destination, which got incomplete streams: {}", how.ToString());
      ended = Status::Ok();
    }
  }
  listener_.LoadEnded(ended.WithContext("the destination"));
}

}  // namespace millrace
