#include "declarative/streams/concurrent_read.h"

#include <algorithm>
#include <functional>
#include <thread>

namespace millrace {

/// A stream's way through the read. Guarded by the read's mutex but for what never changes.
struct ConcurrentRead::StreamRun {
  explicit StreamRun(const DeclarativeStream& stream) : stream(stream) {}

  const DeclarativeStream& stream;
  /// States and records of one stream are told in order: held while either is.
  std::mutex telling;

  int reading = 0;        // slices that a thread is at
  size_t waiting = 0;     // slices that none is at yet
  bool cut = false;       // every slice was handed out, or cutting failed
  bool given_up = false;  // its writing failed: nothing more of it is read
  bool ending = false;
  std::vector<std::string> failures;
};

namespace {

/// Hands the records of one slice on in groups, and shows each to the cursor.
class SliceConsumer final : public RecordConsumer {
 public:
  using Tell = std::function<Status(std::span<DeclarativeRecord>)>;

  SliceConsumer(StreamCursor& cursor, const StreamSlice& slice, Tell tell)
      : cursor_(cursor), slice_(slice), tell_(std::move(tell)) {
    held_.reserve(ConcurrentRead::kRecordsHeldMax);
  }

  Status Take(DeclarativeRecord record) override {
    MR_RETURN_IF_ERROR(cursor_.Observe(slice_, record));
    held_.push_back(std::move(record));
    return held_.size() < ConcurrentRead::kRecordsHeldMax ? Status::Ok() : HandOn();
  }
  Status HandOn() {
    if (held_.empty()) return Status::Ok();
    const Status told = tell_(held_);
    held_.clear();
    return told;
  }

 private:
  StreamCursor& cursor_;
  const StreamSlice& slice_;
  const Tell tell_;
  std::vector<DeclarativeRecord> held_;
};

}  // namespace

ConcurrentRead::ConcurrentRead(std::vector<const DeclarativeStream*> streams, int threads,
                               RecordOutput& output, std::stop_token stop)
    : runs_([&streams] {
        std::vector<std::unique_ptr<StreamRun>> runs;
        for (const DeclarativeStream* stream : streams) {
          runs.push_back(std::make_unique<StreamRun>(*stream));
        }
        return runs;
      }()),
      threads_(std::max(threads, 1)),
      cutters_max_(std::max(threads / 2, 1)),
      output_(output),
      on_stop_(std::move(stop), [this] { Abort(Status::Canceled()); }) {}

ConcurrentRead::~ConcurrentRead() = default;

Result<std::string> ConcurrentRead::Run() {
  {
    std::vector<std::jthread> workers;
    for (int i = 0; i < threads_; ++i) workers.emplace_back([this] { Work(); });
  }
  MR_RETURN_IF_ERROR(aborted_);
  std::string failed;
  for (const auto& run : runs_) {
    if (run->failures.empty()) continue;
    if (!failed.empty()) failed += "; ";
    failed += run->stream.name() + ": " + run->failures.front();
  }
  return failed;
}

bool ConcurrentRead::ended() const { return done_ == runs_.size() || !aborted_.ok(); }

void ConcurrentRead::Work() {
  std::unique_lock lock(mutex_);
  while (!ended()) {
    if (!waiting_.empty()) {
      const Task task = std::move(waiting_.front());
      waiting_.pop_front();
      --task.run->waiting;
      ++task.run->reading;
      changed_.notify_all();
      lock.unlock();
      ReadSlice(task);
      lock.lock();
      --task.run->reading;
      EndWhenDone(lock, *task.run);
    } else if (next_ < runs_.size() && cutters_ < cutters_max_) {
      StreamRun& run = *runs_[next_++];
      ++cutters_;
      lock.unlock();
      CutSlices(run);
      lock.lock();
      --cutters_;
      run.cut = true;
      EndWhenDone(lock, run);
    } else {
      changed_.wait(lock);
    }
  }
  changed_.notify_all();
}

void ConcurrentRead::CutSlices(StreamRun& run) {
  Status status = output_.Started(run.stream);
  if (status.ok() && run.stream.state_is_forgotten()) {
    status = output_.State(run.stream, PyValue(PyDict()));
  }
  if (!status.ok()) return Abort(status);
  status = run.stream.slicer().Slices(
      [this, &run](StreamSlice slice) { return AddSlice(run, std::move(slice)); },
      stop_.get_token());
  if (!status.ok()) Fail(run, status);
}

bool ConcurrentRead::AddSlice(StreamRun& run, StreamSlice slice) {
  std::unique_lock lock(mutex_);
  // This thread helps instead of waiting: there may be no other.
  while (waiting_.size() >= kWaitingSlicesMax && aborted_.ok()) {
    const Task task = std::move(waiting_.front());
    waiting_.pop_front();
    --task.run->waiting;
    ++task.run->reading;
    lock.unlock();
    ReadSlice(task);
    lock.lock();
    --task.run->reading;
    if (task.run != &run) EndWhenDone(lock, *task.run);
  }
  if (!aborted_.ok() || run.given_up) return false;
  ++run.waiting;
  waiting_.push_back({&run, std::move(slice)});
  changed_.notify_all();
  return true;
}

void ConcurrentRead::ReadSlice(const Task& task) {
  {
    const std::lock_guard lock(mutex_);
    if (task.run->given_up) return;
  }
  const Status status = ReadAndClose(*task.run, task.slice);
  if (!status.ok()) Fail(*task.run, status);
}

Status ConcurrentRead::ReadAndClose(StreamRun& run, const StreamSlice& slice) {
  const DeclarativeStream& stream = run.stream;
  SliceConsumer consumer(stream.cursor(), slice, [&](std::span<DeclarativeRecord> records) {
    const std::lock_guard lock(run.telling);
    return output_.Records(stream, records);
  });
  const Status read = stream.ReadSlice(slice, consumer, stop_.get_token());
  // What was read before a failure is passed on, as the CDK does.
  MR_RETURN_IF_ERROR(consumer.HandOn());
  MR_RETURN_IF_ERROR(read);
  const std::lock_guard lock(run.telling);
  MR_RETURN_IF_ERROR(stream.cursor().CloseSlice(slice));
  if (!stream.cursor().WantsStateEmitted()) return Status::Ok();
  MR_ASSIGN_OR_RETURN(const PyValue state, stream.cursor().State());
  return output_.State(stream, state);
}

void ConcurrentRead::Fail(StreamRun& run, const Status& status) {
  if (status.canceled()) return Abort(status);
  std::unique_lock lock(mutex_);
  if (status.code() == StatusCode::kStreamStopped) {
    run.given_up = true;
    return;
  }
  Error error = status.failed() ? status.error() : Error{};
  if (!status.failed()) error.message = status.ToString();
  error.stream = StreamDescriptor{run.stream.name(), {}};
  run.failures.push_back(error.message);
  lock.unlock();
  if (const Status told = output_.Failed(run.stream, error); !told.ok()) Abort(told);
}

void ConcurrentRead::EndWhenDone(std::unique_lock<std::mutex>& lock, StreamRun& run) {
  if (!run.cut || run.reading > 0 || run.waiting > 0 || run.ending || !aborted_.ok()) return;
  run.ending = true;
  lock.unlock();
  End(run);
  lock.lock();
  ++done_;
  changed_.notify_all();
}

void ConcurrentRead::End(StreamRun& run) {
  const bool complete = run.failures.empty() && !run.given_up;
  const std::lock_guard telling(run.telling);
  Status status = run.stream.cursor().Finish(complete);
  if (status.ok()) {
    const Result<PyValue> state = run.stream.cursor().State();
    status = state.ok() ? output_.State(run.stream, *state) : state.status();
  }
  if (status.code() == StatusCode::kStreamStopped) status = Status::Ok();
  if (!status.ok()) Fail(run, status);
  status = output_.Ended(run.stream, complete && status.ok());
  if (!status.ok()) Abort(status);
}

void ConcurrentRead::Abort(const Status& status) {
  stop_.request_stop();
  const std::lock_guard lock(mutex_);
  if (aborted_.ok()) aborted_ = status;
  changed_.notify_all();
}

}  // namespace millrace
