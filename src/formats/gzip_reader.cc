#include <zlib.h>

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "formats/decompressor.h"

namespace millrace {
namespace {

/// One or more gzip members, each with its checksum verified.
class GzipReader : public ByteReader {
 public:
  explicit GzipReader(std::unique_ptr<ByteReader> input)
      : input_(std::move(input)), buffer_(kCompressedBytesAtOnce) {}
  ~GzipReader() override {
    if (started_) inflateEnd(&stream_);
  }
  GzipReader(const GzipReader&) = delete;
  GzipReader& operator=(const GzipReader&) = delete;

  Status Start() {
    constexpr int kGzipOnly = 15 + 16;  // the largest window, and the gzip wrapper
    if (inflateInit2(&stream_, kGzipOnly) != Z_OK) return SystemError("zlib can't be started");
    started_ = true;
    return Status::Ok();
  }

  Result<int64_t> Read(char* out, int64_t size) override {
    if (size <= 0) return int64_t{0};
    const int64_t most = std::min<int64_t>(size, std::numeric_limits<int>::max());
    stream_.next_out = reinterpret_cast<Bytef*>(out);
    stream_.avail_out = static_cast<uInt>(most);
    for (;;) {
      if (stream_.avail_in == 0) {
        MR_RETURN_IF_ERROR(Fill());
        if (stream_.avail_in == 0) {
          if (between_members_) return int64_t{0};
          return ConfigError("the gzip data is cut short");
        }
      }
      if (between_members_) {
        // pad bytes may follow the last member, as tar writes them
        if (members_ > 0 && *stream_.next_in == 0) {
          ++stream_.next_in;
          --stream_.avail_in;
          continue;
        }
        between_members_ = false;
      }
      const int code = inflate(&stream_, Z_NO_FLUSH);
      if (code == Z_STREAM_END) {
        inflateReset(&stream_);
        between_members_ = true;
        ++members_;
      } else if (code != Z_OK && code != Z_BUF_ERROR) {
        return ConfigError("the gzip data is corrupted ({})",
                           stream_.msg != nullptr ? stream_.msg : "no gzip header");
      }
      if (const int64_t got = most - static_cast<int64_t>(stream_.avail_out); got > 0) return got;
    }
  }

 private:
  Status Fill() {
    MR_ASSIGN_OR_RETURN(const int64_t got, input_->Read(reinterpret_cast<char*>(buffer_.data()),
                                                        static_cast<int64_t>(buffer_.size())));
    stream_.next_in = buffer_.data();
    stream_.avail_in = static_cast<uInt>(got);
    return Status::Ok();
  }

  const std::unique_ptr<ByteReader> input_;
  std::vector<Bytef> buffer_;
  z_stream stream_{};
  bool started_ = false;
  bool between_members_ = true;
  int64_t members_ = 0;
};

}  // namespace

Result<std::unique_ptr<ByteReader>> OpenGzip(std::unique_ptr<ByteReader> input) {
  auto reader = std::make_unique<GzipReader>(std::move(input));
  MR_RETURN_IF_ERROR(reader->Start());
  return std::unique_ptr<ByteReader>(std::move(reader));
}

}  // namespace millrace
