#include "declarative/streams/async_job_slicer.h"

#include <utility>
#include <vector>

namespace millrace {
namespace {

constexpr std::string_view kJob = "jobs";

bool IsConfigError(const Status& status) {
  return status.failed() && status.error().type == FailureType::kConfigError;
}

}  // namespace

/// One call of Slices.
struct AsyncJobSlicer::Cutting {
  const SliceSink& sink;
  const std::stop_token stop;
  std::list<Running> running;
  std::vector<std::string> failures;  // that didn't end the others
  int failed_polls = 0;               // in a row
  bool wants_more = true;
};

Status AsyncJobSlicer::Slices(const SliceSink& sink, std::stop_token stop) {
  Cutting cutting{sink, stop};
  Status status;
  const Status cut = slices_.Slices(
      [&](StreamSlice slice) {
        auto slot = budget_.Take();
        while (slot == nullptr && status.ok() && cutting.wants_more) {
          status = GoRound(cutting);
          slot = budget_.Take();
        }
        if (!status.ok() || !cutting.wants_more) return false;
        auto job = Start(slice, stop);
        status = job.status();
        if (!job.ok()) return false;
        cutting.running.push_back({*std::move(job), std::move(slot)});
        return true;
      },
      stop);
  if (status.ok()) status = cut;
  while (status.ok() && cutting.wants_more && !cutting.running.empty()) status = GoRound(cutting);
  if (!status.ok() || !cutting.wants_more) {
    AbortAll(cutting);
    return status;
  }
  if (cutting.failures.empty()) return Status::Ok();
  return SystemError("jobs of stream {} failed, however often they were begun: {}",
                     requests_->stream(), cutting.failures.front());
}

/// A job that can't be created counts as one that failed, so that it is tried again.
Result<std::unique_ptr<AsyncJob>> AsyncJobSlicer::Start(const StreamSlice& slice,
                                                        const std::stop_token& stop) {
  auto job = requests_->Create(slice, stop);
  if (job.ok() || !job.status().failed() || IsConfigError(job.status())) return job;
  environment_.messages->Failure(job.status().error());
  auto failed = std::make_unique<AsyncJob>(slice, environment_.clock->WallNow());
  failed->was_created = false;
  failed->SetStatus(AsyncJobStatus::kFailed, environment_.clock->WallNow());
  return failed;
}

Status AsyncJobSlicer::GoRound(Cutting& cutting) {
  const Status polled = PollAll(cutting);
  if (polled.canceled() || IsConfigError(polled)) return polled;
  if (!polled.ok()) {
    cutting.failures.push_back(polled.ToString());
    // The CDK would ask for ever.
    if (++cutting.failed_polls >= kFailedPollsMax) return polled;
  } else {
    cutting.failed_polls = 0;
    MR_RETURN_IF_ERROR(Process(cutting));
    if (!environment_.sleeper->Sleep(kPollInterval, cutting.stop)) return Status::Canceled();
  }
  return BeginAnew(cutting);
}

Status AsyncJobSlicer::PollAll(Cutting& cutting) {
  for (Running& running : cutting.running) {
    if (requests_->StatusOf(*running.job) != AsyncJobStatus::kRunning) continue;
    MR_RETURN_IF_ERROR(requests_->Poll(*running.job, cutting.stop));
  }
  return Status::Ok();
}

Status AsyncJobSlicer::Process(Cutting& cutting) {
  std::list<Running> left;
  while (!cutting.running.empty()) {
    Running running = std::move(cutting.running.front());
    cutting.running.pop_front();
    switch (requests_->StatusOf(*running.job)) {
      case AsyncJobStatus::kCompleted:
        MR_RETURN_IF_ERROR(HandOver(std::move(running), cutting));
        break;
      case AsyncJobStatus::kSkipped:
        break;
      case AsyncJobStatus::kRunning:
        left.push_back(std::move(running));
        break;
      case AsyncJobStatus::kTimedOut:
      case AsyncJobStatus::kFailed: {
        if (requests_->StatusOf(*running.job) == AsyncJobStatus::kTimedOut) {
          const Status aborted = requests_->Abort(*running.job, cutting.stop);
          if (!aborted.ok()) {
            environment_.messages->Log(LogLevel::kWarn, "giving up a job: " + aborted.ToString());
          }
        }
        if (running.attempt >= kAttemptsMax) {
          cutting.failures.push_back(
              fmt::format("a job was begun {} times and did not complete", running.attempt));
        } else {
          left.push_front(std::move(running));
        }
      }
    }
  }
  cutting.running = std::move(left);
  return Status::Ok();
}

Status AsyncJobSlicer::HandOver(Running running, Cutting& cutting) {
  StreamSlice slice = running.job->slice;
  running.slot.reset();
  {
    const std::lock_guard lock(mutex_);
    slice.extra_fields = PyValue(PyDict{{kJob, PyValue::List({PyValue(++last_id_)})}});
    ready_[last_id_] = std::move(running.job);
  }
  if (cutting.wants_more) cutting.wants_more = cutting.sink(std::move(slice));
  return Status::Ok();
}

Status AsyncJobSlicer::BeginAnew(Cutting& cutting) {
  for (Running& running : cutting.running) {
    const AsyncJobStatus status = requests_->StatusOf(*running.job);
    if (status != AsyncJobStatus::kFailed && status != AsyncJobStatus::kTimedOut) continue;
    if (retry_wait_ && status == AsyncJobStatus::kFailed && running.job->was_created) {
      const WallTime now = environment_.clock->WallNow();
      if (!running.job->retry_after) running.job->retry_after = now + *retry_wait_;
      if (now < *running.job->retry_after) continue;
    }
    MR_ASSIGN_OR_RETURN(running.job, Start(running.job->slice, cutting.stop));
    ++running.attempt;
  }
  return Status::Ok();
}

void AsyncJobSlicer::AbortAll(Cutting& cutting) {
  for (const Running& running : cutting.running) {
    const AsyncJobStatus status = requests_->StatusOf(*running.job);
    if (status != AsyncJobStatus::kRunning && status != AsyncJobStatus::kTimedOut) continue;
    const Status aborted = requests_->Abort(*running.job, {});
    if (!aborted.ok()) {
      environment_.messages->Log(LogLevel::kWarn, "giving up a job: " + aborted.ToString());
    }
  }
  cutting.running.clear();
}

std::unique_ptr<AsyncJob> AsyncJobSlicer::TakeJob(const StreamSlice& slice) {
  const PyValue* ids = slice.extra_fields.Find(kJob);
  if (ids == nullptr || !ids->is_list() || ids->items().empty()) return nullptr;
  const std::lock_guard lock(mutex_);
  const auto found = ready_.find(ids->items().front().as_int());
  if (found == ready_.end()) return nullptr;
  auto job = std::move(found->second);
  ready_.erase(found);
  return job;
}

}  // namespace millrace
