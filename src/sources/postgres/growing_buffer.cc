#include "sources/postgres/growing_buffer.h"

#include <algorithm>

#include "connector/arrow_status.h"
#include "connector/block_pool.h"

namespace millrace {

Status GrowingBuffer::Reserve(int64_t capacity) {
  if (capacity <= capacity_) return Status::Ok();
  constexpr const char* kDoing = "making room for rows";
  if (buffer_ == nullptr) {
    MR_ARROW_ASSIGN_OR_RETURN(buffer_, arrow::AllocateResizableBuffer(capacity, BlockPool()),
                              kDoing);
  } else {
    MR_ARROW_RETURN_IF_ERROR(buffer_->Resize(capacity, /*shrink_to_fit=*/false), kDoing);
  }
  data_ = buffer_->mutable_data();
  capacity_ = buffer_->capacity();
  return Status::Ok();
}

Status GrowingBuffer::Grow(int64_t extra) {
  constexpr int64_t kLeast = 1024;
  return Reserve(std::max({kLeast, capacity_ * 2, size_ + extra}));
}

Result<std::shared_ptr<arrow::Buffer>> GrowingBuffer::Finish(int64_t size) {
  MR_RETURN_IF_ERROR(Reserve(std::max<int64_t>(size, 1)));
  MR_ARROW_RETURN_IF_ERROR(buffer_->Resize(size, /*shrink_to_fit=*/false),
                           "finishing a batch of rows");
  std::shared_ptr<arrow::Buffer> finished = std::move(buffer_);
  data_ = nullptr;
  size_ = 0;
  capacity_ = 0;
  return finished;
}

}  // namespace millrace
