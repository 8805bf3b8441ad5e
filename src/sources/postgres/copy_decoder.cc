#include "sources/postgres/copy_decoder.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace millrace {
namespace {

constexpr char kSignature[] = "PGCOPY\n\377\r\n";  // 11 bytes with the zero at its end
constexpr size_t kCopyHeaderSize = sizeof(kSignature) + 4 + 4;
constexpr uint32_t kCriticalFlags = 0xFFFF0000;
constexpr int kTrailer = -1;

/// A block's rows and their fields stay in the nearest caches.
constexpr int kBlockRowsMax = 64;
constexpr int kBlockFieldsMax = 1024;

}  // namespace

CopyDecoder::CopyDecoder(RowBatch& batch, Limits limits, Emit emit, RowFilter* filter)
    : batch_(batch),
      limits_(limits),
      emit_(std::move(emit)),
      filter_(filter),
      num_fields_(batch.num_columns() + limits.hidden_fields),
      // A filter looks at a row when the rows before it have been taken.
      block_rows_max_(filter != nullptr ? 1
                                        : std::clamp(kBlockFieldsMax / std::max(num_fields_, 1), 1,
                                                     kBlockRowsMax)),
      fields_(static_cast<size_t>(num_fields_) * block_rows_max_) {}

Status CopyDecoder::Consume(const char* data, size_t size) {
  size_t taken = 0;
  if (pending_.empty()) {
    MR_RETURN_IF_ERROR(ConsumeWhole(data, size, &taken));
    if (taken < size) pending_.assign(data + taken, size - taken);
  } else {
    pending_.append(data, size);
    MR_RETURN_IF_ERROR(ConsumeWhole(pending_.data(), pending_.size(), &taken));
    MR_RETURN_IF_ERROR(Settle());
    pending_.erase(0, taken);
  }
  return Status::Ok();
}

Status CopyDecoder::ConsumeWhole(const char* data, size_t size, size_t* taken) {
  size_t at = 0;
  while (at < size) {
    const char* const p = data + at;
    const size_t left = size - at;
    switch (stage_) {
      case Stage::kHeader:
        if (left < kCopyHeaderSize) return Status::Ok();
        if (std::memcmp(p, kSignature, sizeof(kSignature)) != 0 ||
            (WireUInt32(p + sizeof(kSignature)) & kCriticalFlags) != 0) {
          return SystemError("reading rows: the server's COPY does not start as it should");
        }
        extension_left_ = WireUInt32(p + sizeof(kSignature) + 4);
        stage_ = Stage::kExtension;
        at += kCopyHeaderSize;
        break;
      case Stage::kExtension: {
        const size_t skipped = std::min(extension_left_, left);
        extension_left_ -= skipped;
        at += skipped;
        if (extension_left_ == 0) stage_ = Stage::kTuples;
        break;
      }
      case Stage::kTuples: {
        size_t tuple = 0;
        MR_RETURN_IF_ERROR(ParseTuple(p, left, &tuple));
        if (tuple == 0) return Status::Ok();
        at += tuple;
        if (stage_ == Stage::kTuples) MR_RETURN_IF_ERROR(TakeRow(tuple));
        break;
      }
      case Stage::kEnd:
        return SystemError("reading rows: {} bytes follow the end of the server's COPY", left);
    }
    *taken = at;
  }
  return Status::Ok();
}

Status CopyDecoder::ParseTuple(const char* data, size_t size, size_t* tuple) {
  if (size < 2) return Status::Ok();
  const int count = WireInt16(data);
  if (count == kTrailer) {
    stage_ = Stage::kEnd;
    *tuple = 2;
    return Status::Ok();
  }
  if (count != num_fields_) {
    return SystemError("reading rows: row {} has {} fields instead of {}", rows_read_ + 1, count,
                       num_fields_);
  }
  const char* p = data + 2;
  const char* const end = data + size;
  WireField* field = fields_.data() + static_cast<ptrdiff_t>(block_rows_) * num_fields_;
  for (int i = 0; i < num_fields_; ++i, ++field) {
    if (end - p < 4) return Status::Ok();
    field->size = WireInt32(p);
    p += 4;
    field->data = p;
    if (field->size > 0) {
      if (end - p < field->size) return Status::Ok();
      p += field->size;
    } else if (field->size < -1) {
      return SystemError("reading rows: a field of row {} has the size {}", rows_read_ + 1,
                         field->size);
    }
  }
  *tuple = static_cast<size_t>(p - data);
  return Status::Ok();
}

Status CopyDecoder::TakeRow(size_t wire_bytes) {
  ++rows_read_;
  if (filter_ != nullptr) {
    MR_ASSIGN_OR_RETURN(const bool accepted, filter_->Accept(fields_, *this));
    if (!accepted) return Status::Ok();
  }
  ++block_rows_;
  block_bytes_ += batch_.BytesOf(static_cast<int64_t>(wire_bytes));
  if (batch_.num_rows() + block_rows_ >= limits_.rows_max ||
      batch_.num_bytes() + block_bytes_ >= limits_.bytes_max) {
    return Flush();
  }
  return block_rows_ == block_rows_max_ ? Settle() : Status::Ok();
}

Status CopyDecoder::Settle() {
  if (block_rows_ == 0) return Status::Ok();
  const int rows = std::exchange(block_rows_, 0);
  return batch_.Append(fields_.data(), num_fields_, rows, std::exchange(block_bytes_, 0));
}

Status CopyDecoder::Flush() {
  MR_RETURN_IF_ERROR(Settle());
  if (batch_.num_rows() == 0) return Status::Ok();
  ++batches_emitted_;
  return emit_(batch_);
}

Status CopyDecoder::Finish() {
  if (stage_ != Stage::kEnd) {
    return SystemError("reading rows: the server's COPY ended in the middle of row {}",
                       rows_read_ + 1);
  }
  return Flush();
}

}  // namespace millrace
