#include "base/byte_budget.h"

#include "base/check.h"

namespace millrace {

Status ByteBudget::Take(int64_t bytes, Deadline deadline, std::stop_token stop) {
  std::unique_lock lock(mutex_);
  const auto free = [&] { return bytes_out_ == 0 || bytes_out_ + bytes <= bytes_max_; };
  if (deadline.never()) {
    freed_.wait(lock, stop, free);
  } else {
    freed_.wait_until(lock, stop, deadline.when(), free);
  }
  if (!free()) return stop.stop_requested() ? Status::Canceled() : Status::Deadline();
  bytes_out_ += bytes;
  return Status::Ok();
}

void ByteBudget::Force(int64_t bytes) {
  std::lock_guard lock(mutex_);
  bytes_out_ += bytes;
}

void ByteBudget::GiveBack(int64_t bytes) {
  {
    std::lock_guard lock(mutex_);
    bytes_out_ -= bytes;
    MR_CHECK(bytes_out_ >= 0, "more bytes given back than were taken");
  }
  freed_.notify_all();
}

int64_t ByteBudget::bytes_out() const {
  std::lock_guard lock(mutex_);
  return bytes_out_;
}

}  // namespace millrace
