#include "scripted_source.h"

#include <arrow/array.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <condition_variable>
#include <nlohmann/json.hpp>

#include "formats/json_batch_decoder.h"

namespace millrace::synctest {
namespace {

Status Failure(const Step& step) {
  if (step.failure_type == "config") return ConfigError("{}", step.text);
  if (step.failure_type == "transient") return TransientError("{}", step.text);
  return SystemError("{}", step.text);
}

/// The rows of several kRow steps as one batch, with masks and changes.
Result<ChangeBatch> MakeBatch(const SchemaPtr& schema, const std::vector<const Step*>& rows) {
  MR_ASSIGN_OR_RETURN(auto decoder, JsonBatchDecoder::Make(schema));
  bool masked = false;
  for (size_t i = 0; i < rows.size(); ++i) {
    MR_RETURN_IF_ERROR(decoder->Append(rows[i]->text));
    for (const std::string& field : rows[i]->nulled) {
      decoder->AddChange(
          {static_cast<int64_t>(i), field, "NULLED", "SOURCE_FIELD_SIZE_LIMITATION"});
    }
    masked = masked || !rows[i]->unchanged.empty();
  }
  MR_ASSIGN_OR_RETURN(ChangeBatch batch, decoder->Finish());
  if (!masked) return batch;
  for (const auto& field : schema->fields()) {
    arrow::BooleanBuilder mask;
    for (const Step* row : rows) {
      const auto& names = row->unchanged;
      (void)mask.Append(std::find(names.begin(), names.end(), field->name()) != names.end());
    }
    batch.unchanged.columns.push_back(
        std::static_pointer_cast<arrow::BooleanArray>(*mask.Finish()));
  }
  return batch;
}

/// Emits as the contract wants it: when the deadline passes, the same batch again.
Status EmitPatiently(SourceOutput& output, const StreamDescriptor& stream,
                     const ChangeBatch& batch) {
  for (;;) {
    const Status status =
        output.Emit(stream, batch, Deadline::After(std::chrono::milliseconds(50)));
    if (status.code() != StatusCode::kDeadline) return status;
  }
}

/// The id of a partition without rows.
constexpr const char* kNothing = "";

int64_t CheckpointIn(const Json& state) {
  const auto found = state.find("checkpoint");
  return found != state.end() && found->is_number() ? found->get<int64_t>() : 0;
}

}  // namespace

Status ScriptedSource::Read(const ConfiguredCatalog& catalog, const State& resume_from,
                            SourceOutput& output, std::stop_token stop) {
  Reading reading{catalog, output, std::move(stop), {}, 0, {}, 0, {}, {}};
  for (const auto& [stream, state] : resume_from.streams()) {
    if (!resume_from.shared_state()) reading.resumed[stream] = CheckpointIn(*state);
  }
  if (resume_from.shared_state()) {
    reading.resumed_global = CheckpointIn(**resume_from.shared_state());
  }
  for (size_t at = 0; at < script_.size();) {
    if (reading.stop.stop_requested()) return Status::Canceled();
    const Status status = Play(reading, &at);
    if (status.code() == StatusCode::kStreamStopped) continue;
    MR_RETURN_IF_ERROR(status);
  }
  return Status::Ok();
}

Status ScriptedSource::Play(Reading& reading, size_t* at) {
  const Step& step = script_[*at];
  if (step.kind == Step::Kind::kRow) return PlayRows(reading, at);
  ++*at;
  const bool mine = reading.catalog.Find(step.stream) != nullptr;
  switch (step.kind) {
    case Step::Kind::kOpen:
      reading.schemas[step.stream] = step.schema;
      if (!mine) return Status::Ok();
      reading.output.ReportStatus(step.stream, StreamStatus::kStarted);
      return reading.output.Open(step.stream, step.schema);
    case Step::Kind::kTruncate: {
      const bool old = reading.passed[step.stream] < reading.resumed[step.stream] ||
                       reading.passed_global < reading.resumed_global;
      return mine && !old ? reading.output.Truncate(step.stream) : Status::Ok();
    }
    case Step::Kind::kCheckpoint:
      return PlayCheckpoint(reading, step);
    case Step::Kind::kComplete:
      reading.output.ReportStatus(step.stream, StreamStatus::kComplete);
      return Status::Ok();
    case Step::Kind::kIncomplete:
      reading.output.ReportStatus(step.stream, StreamStatus::kIncomplete,
                                  TransientError("{}", step.text).error());
      return Status::Ok();
    case Step::Kind::kPartition:
      // Its rows are ReadPartition's.
      while (*at < script_.size() && script_[*at].kind == Step::Kind::kRow) ++*at;
      return Status::Ok();
    case Step::Kind::kFail:
      return Failure(step);
    case Step::Kind::kRewritten:
      return Status::Ok();
    case Step::Kind::kInterrupt:
      return PlayStop(hooks_.interrupt, reading.stop);
    case Step::Kind::kCancel:
      return PlayStop(hooks_.cancel, reading.stop);
    case Step::Kind::kRow:
      break;
  }
  return Status::Ok();
}

Status ScriptedSource::PlayRows(Reading& reading, size_t* at) {
  const StreamDescriptor stream = script_[*at].stream;
  std::vector<const Step*> rows;
  for (; *at < script_.size() && script_[*at].kind == Step::Kind::kRow &&
         script_[*at].stream == stream;
       ++*at) {
    rows.push_back(&script_[*at]);
  }
  const bool old = reading.passed[stream] < reading.resumed[stream] ||
                   reading.passed_global < reading.resumed_global;
  if (old || reading.catalog.Find(stream) == nullptr) return Status::Ok();
  MR_ASSIGN_OR_RETURN(const ChangeBatch batch, MakeBatch(reading.schemas[stream], rows));
  return EmitPatiently(reading.output, stream, batch);
}

Status ScriptedSource::PlayCheckpoint(Reading& reading, const Step& step) {
  if (!step.stream.name.empty()) {
    const int64_t number = ++reading.passed[step.stream];
    const bool old = number <= reading.resumed[step.stream];
    if (old || reading.catalog.Find(step.stream) == nullptr) return Status::Ok();
    return reading.output.Checkpoint(StateMessage::OfStream(step.stream, {{"checkpoint", number}}));
  }
  const int64_t number = ++reading.passed_global;
  if (number <= reading.resumed_global) return Status::Ok();
  std::vector<std::pair<StreamDescriptor, JsonValue>> streams;
  for (const ConfiguredStream& stream : reading.catalog.streams) {
    streams.emplace_back(stream.descriptor(), Json{{"snapshot", "done"}});
  }
  return reading.output.Checkpoint(
      StateMessage::Global({{"checkpoint", number}}, std::move(streams)));
}

Status ScriptedSource::PlayStop(const std::function<void()>& request, const std::stop_token& stop) {
  request();
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock lock(mutex);
  // A pipeline that never tells the source to stop must not hang the test.
  stopped.wait_for(lock, stop, std::chrono::seconds(30), [] { return false; });
  return stop.stop_requested() ? Status::Canceled()
                               : SystemError("the source was never told to stop");
}

void ScriptedSource::Acknowledge(const State& saved) {
  const std::string text =
      saved.shared_state() ? (**saved.shared_state()).dump() : ToJson(saved).dump();
  std::lock_guard lock(mutex_);
  if (acknowledged_.empty() || acknowledged_.back() != text) acknowledged_.push_back(text);
}

std::vector<std::string> ScriptedSource::acknowledged() const {
  std::lock_guard lock(mutex_);
  return acknowledged_;
}

Result<std::vector<Partition>> ScriptedSource::Split(const ConfiguredStream& stream,
                                                     const State& resume_from) {
  std::vector<Partition> partitions;
  const Json* const saved = resume_from.Find(stream.descriptor());
  if (saved != nullptr && stream.sync_mode == SyncMode::kIncremental) return partitions;
  std::vector<std::string>& done = resumed_partitions_[stream.descriptor()];
  if (saved != nullptr) done = saved->value("partitions", done);
  for (const Step& step : script_) {
    if (step.kind == Step::Kind::kPartition && step.stream == stream.descriptor() &&
        std::find(done.begin(), done.end(), step.text) == done.end()) {
      partitions.push_back({step.stream, step.text, JsonValue()});
    }
  }
  // All of it has been read: the stream is opened, and that is all.
  if (partitions.empty() && saved != nullptr) {
    partitions.push_back({stream.descriptor(), kNothing, JsonValue()});
  }
  return partitions;
}

Status ScriptedSource::ReadPartition(const ConfiguredStream& stream, const Partition& partition,
                                     SourceOutput& output, std::stop_token stop) {
  SchemaPtr schema;
  bool inside = false;
  for (const Step& step : script_) {
    if (stop.stop_requested()) return Status::Canceled();
    if (step.kind == Step::Kind::kOpen && step.stream == stream.descriptor()) {
      schema = step.schema;
      if (partition.id == kNothing) return output.Open(stream.descriptor(), schema);
    } else if (step.kind == Step::Kind::kPartition) {
      inside = step.stream == stream.descriptor() && step.text == partition.id;
      if (inside) MR_RETURN_IF_ERROR(output.Open(stream.descriptor(), schema));
    } else if (inside && step.kind == Step::Kind::kRow) {
      MR_ASSIGN_OR_RETURN(const ChangeBatch batch, MakeBatch(schema, {&step}));
      MR_RETURN_IF_ERROR(EmitPatiently(output, stream.descriptor(), batch));
    } else if (inside && step.kind == Step::Kind::kFail) {
      return Failure(step);
    }
  }
  return Status::Ok();
}

std::optional<std::chrono::milliseconds> ScriptedSource::CheckpointInterval(
    const ConfiguredStream& stream) {
  if (!stream.stream.is_resumable) return std::nullopt;
  return std::chrono::milliseconds(0);
}

Result<bool> ScriptedSource::CanGoOn(const ConfiguredStream& stream, const State& saved,
                                     std::stop_token stop) {
  (void)stop;
  size_t partitions = 0;
  bool rewritten = false;
  for (const Step& step : script_) {
    if (step.stream != stream.descriptor()) continue;
    if (step.kind == Step::Kind::kPartition) ++partitions;
    rewritten = rewritten || step.kind == Step::Kind::kRewritten;
  }
  const Json* const state = saved.Find(stream.descriptor());
  const bool read =
      state != nullptr && state->value("partitions", Json::array()).size() == partitions;
  return !rewritten || (read && !stream.replaces_table());
}

Result<StateMessage> ScriptedSource::StateAfter(const ConfiguredStream& stream,
                                                const std::vector<std::string>& done) {
  std::vector<std::string> sorted = resumed_partitions_[stream.descriptor()];
  std::copy_if(done.begin(), done.end(), std::back_inserter(sorted),
               [](const std::string& id) { return id != kNothing; });
  std::sort(sorted.begin(), sorted.end());
  return StateMessage::OfStream(stream.descriptor(), {{"partitions", sorted}});
}

}  // namespace millrace::synctest
