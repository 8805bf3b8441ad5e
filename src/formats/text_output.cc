#include "formats/text_output.h"

#include <limits>

namespace millrace {

TextOutput::~TextOutput() {
  if (started_) deflateEnd(&stream_);
}

Status TextOutput::Write(std::string_view text) {
  return gzip_ ? Deflate(text, Z_NO_FLUSH) : Send(text);
}

Status TextOutput::Close() { return gzip_ ? Deflate({}, Z_FINISH) : Status::Ok(); }

Status TextOutput::Deflate(std::string_view text, int flush) {
  constexpr int kGzipWindow = 15 + 16;  // zlib: +16 asks for gzip's header
  if (!started_) {
    if (deflateInit2(&stream_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow, 8,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
      return SystemError("compressing text: zlib could not start (out of memory?)");
    }
    started_ = true;
  }
  MR_CHECK(text.size() <= std::numeric_limits<uInt>::max(), "text is written in small pieces");
  char buffer[65536];
  stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream_.avail_in = static_cast<uInt>(text.size());
  // Ends: each turn fills the buffer or finishes the input.
  do {
    stream_.next_out = reinterpret_cast<Bytef*>(buffer);
    stream_.avail_out = sizeof buffer;
    if (deflate(&stream_, flush) == Z_STREAM_ERROR) return SystemError("compressing text failed");
    MR_RETURN_IF_ERROR(Send({buffer, sizeof buffer - stream_.avail_out}));
  } while (stream_.avail_out == 0);
  return Status::Ok();
}

Status TextOutput::Send(std::string_view bytes) {
  if (bytes.empty()) return Status::Ok();
  MR_RETURN_IF_ERROR(sink_.Write(bytes));
  written_ += static_cast<int64_t>(bytes.size());
  return Status::Ok();
}

}  // namespace millrace
