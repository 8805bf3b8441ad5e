#include "clients/postgres/copy_messages.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "base/log.h"
#include "clients/postgres/pg_error.h"

namespace millrace {
namespace {

constexpr size_t kHeaderSize = 5;  // type, length (which counts itself)

uint32_t BigEndian32(const char* p) {
  uint32_t value;
  std::memcpy(&value, p, 4);
  return __builtin_bswap32(value);
}

}  // namespace

CopyMessages::CopyMessages() : buffer_(std::make_unique_for_overwrite<char[]>(kCapacity)) {}

void CopyMessages::Reset(CopySink& sink) {
  sink_ = &sink;
  filled_ = 0;
  data_left_ = 0;
  done_ = false;
  complete_ = false;
  server_error_ = Status::Ok();
  farewell_ = Status::Ok();
}

Status CopyMessages::Received(size_t size) {
  filled_ += size;
  const char* at = buffer_.get();
  const char* const end = at + filled_;
  while (true) {
    if (data_left_ > 0) {
      const size_t piece = std::min(data_left_, static_cast<size_t>(end - at));
      if (piece == 0) break;
      MR_RETURN_IF_ERROR(sink_->Consume(at, piece));
      at += piece;
      data_left_ -= piece;
      continue;
    }
    const size_t available = static_cast<size_t>(end - at);
    if (available < kHeaderSize) break;
    const char type = *at;
    const size_t length = BigEndian32(at + 1);
    if (length < 4 || length > INT32_MAX) {
      return SystemError("reading a COPY: a message of the server has the length {}", length);
    }
    if (available >= length + 1) {
      const char* const payload = at + kHeaderSize;
      MR_RETURN_IF_ERROR(type == 'd' ? sink_->Consume(payload, length - 4)
                                     : Control(type, payload, length - 4));
      at += length + 1;
    } else if (length + 1 <= kCapacity) {
      break;  // the rest comes with the next receive
    } else if (type == 'd') {
      data_left_ = length - 4;
      at += kHeaderSize;
    } else {
      return SystemError("reading a COPY: a message of type {} and {} bytes is too large", type,
                         length);
    }
  }
  MR_RETURN_IF_ERROR(sink_->Settle());
  filled_ = static_cast<size_t>(end - at);
  if (filled_ > 0) std::memmove(buffer_.get(), at, filled_);
  return Status::Ok();
}

Status CopyMessages::Control(char type, const char* payload, size_t size) {
  switch (type) {
    case 'H':  // CopyOutResponse
    case 'c':  // CopyDone
    case 'S':  // ParameterStatus
    case 'A':  // NotificationResponse
      return Status::Ok();
    case 'C':
      complete_ = true;
      return Status::Ok();
    case 'Z':
      done_ = true;
      return Status::Ok();
    case 'N': {
      const Status notice = ParseError(payload, size);
      Log(LogLevel::kDebug, "the server says: {}", notice.ToString());
      return Status::Ok();
    }
    case 'E':
      if (Status& said = done_ ? farewell_ : server_error_; said.ok()) {
        said = ParseError(payload, size);
      }
      return Status::Ok();
    default:
      return SystemError("reading a COPY: the server sent a message of the unexpected type {:#x}",
                         static_cast<unsigned char>(type));
  }
}

Status CopyMessages::ParseError(const char* payload, size_t size) {
  std::string state, primary, detail;
  const char* const end = payload + size;
  while (payload < end && *payload != '\0') {
    const char field = *payload++;
    const char* const stop = std::find(payload, end, '\0');
    if (field == 'C') state.assign(payload, stop);
    if (field == 'M') primary.assign(payload, stop);
    if (field == 'D') detail.assign(payload, stop);
    payload = stop == end ? end : stop + 1;
  }
  return PgErrorStatus(state.empty() ? "XX000" : state, primary, detail);
}

}  // namespace millrace
