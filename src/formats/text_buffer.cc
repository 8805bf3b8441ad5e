#include "formats/text_buffer.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "formats/utf8_text.h"

namespace millrace {
namespace {

constexpr int64_t kRefillBytes = 256 << 10;

}  // namespace

Status TextBuffer::MoveTo(int64_t from, int64_t line) {
  const int64_t kept = size_ - from;
  if (kept > kKeptBytesMax) {
    return ConfigError("line {}: what begins here is larger than {} MB: is a quote never closed?",
                       line, kKeptBytesMax >> 20);
  }
  if (const int64_t wanted = std::max(kRefillBytes, kept * 2); wanted > capacity_) {
    std::unique_ptr<char[]> larger(new char[static_cast<size_t>(wanted + kPadding)]);
    if (kept > 0) std::memcpy(larger.get(), data_.get() + from, static_cast<size_t>(kept));
    data_ = std::move(larger);
    capacity_ = wanted;
  } else if (from > 0 && kept > 0) {
    std::memmove(data_.get(), data_.get() + from, static_cast<size_t>(kept));
  }
  base_ += from;
  validated_ = std::max<int64_t>(validated_ - from, 0);
  size_ = kept;
  // Enough to go on with: a slow stream should not have to fill the buffer. But as much again as
  // was kept, so that something long is not looked through over and over.
  while (!ended_ && size_ - kept < std::max(kRefillBytes / 4, kept) && size_ < capacity_) {
    MR_ASSIGN_OR_RETURN(const int64_t got, input_.Read(data_.get() + size_, capacity_ - size_));
    size_ += got;
    ended_ = got == 0;
  }
  std::memset(data_.get() + size_, 0, kPadding);
  return Validate(line);
}

Status TextBuffer::Validate(int64_t line) {
  const int64_t end = ended_ ? size_ : WholeCharacters(data_.get(), size_);
  if (end <= validated_) return Status::Ok();
  const int64_t valid = FirstInvalidUtf8(data_.get() + validated_, end - validated_);
  if (const int64_t at = validated_ + valid; at < end) {
    return ConfigError(
        "line {}: the text is not UTF-8 (byte 0x{:02x}): name its encoding (reader_options: "
        "{{\"encoding\": \"latin-1\"}})",
        line + std::count(data_.get(), data_.get() + at, '\n'),
        static_cast<unsigned char>(data_[at]));
  }
  validated_ = end;
  return Status::Ok();
}

}  // namespace millrace
