#include "control/jobs/job_state.h"

namespace millrace {
namespace {

struct Step {
  std::string_view from;
  JobEvent event;
  std::string_view to;
};

constexpr Step kSteps[] = {
    {"pending", JobEvent::kAttemptStarted, "running"},
    {"pending", JobEvent::kCanceled, "cancelled"},
    {"running", JobEvent::kAttemptSucceeded, "succeeded"},
    {"running", JobEvent::kAttemptFailed, "incomplete"},
    {"running", JobEvent::kGivenUp, "failed"},
    {"running", JobEvent::kCanceled, "cancelled"},
    {"incomplete", JobEvent::kAttemptStarted, "running"},
    {"incomplete", JobEvent::kCanceled, "cancelled"},
};

}  // namespace

std::optional<std::string_view> NextJobState(std::string_view from, JobEvent event) {
  for (const Step& step : kSteps) {
    if (step.from == from && step.event == event) return step.to;
  }
  return std::nullopt;
}

bool IsFinalJobState(std::string_view state) {
  for (const Step& step : kSteps) {
    if (step.from == state) return false;
  }
  return true;
}

}  // namespace millrace
