#include <zstd.h>

#include <utility>
#include <vector>

#include "formats/decompressor.h"

namespace millrace {
namespace {

/// The largest window accepted, as a power of two: 128 MiB, what the zstd tool accepts unasked.
constexpr int kWindowLogMax = 27;

class ZstdReader : public ByteReader {
 public:
  explicit ZstdReader(std::unique_ptr<ByteReader> input)
      : input_(std::move(input)), buffer_(ZSTD_DStreamInSize()), stream_(ZSTD_createDStream()) {
    ZSTD_DCtx_setParameter(stream_.get(), ZSTD_d_windowLogMax, kWindowLogMax);
  }

  Result<int64_t> Read(char* out, int64_t size) override {
    if (size <= 0) return int64_t{0};
    ZSTD_outBuffer target{out, static_cast<size_t>(size), 0};
    for (;;) {
      if (pending_.pos == pending_.size && !flushing_) {
        MR_ASSIGN_OR_RETURN(const int64_t got,
                            input_->Read(buffer_.data(), static_cast<int64_t>(buffer_.size())));
        if (got == 0) {
          if (frame_ended_) return int64_t{0};
          return ConfigError("the zstd data is cut short");
        }
        pending_ = {buffer_.data(), static_cast<size_t>(got), 0};
      }
      const size_t code = ZSTD_decompressStream(stream_.get(), &target, &pending_);
      if (ZSTD_isError(code)) {
        return ConfigError("the zstd data is corrupted ({})", ZSTD_getErrorName(code));
      }
      frame_ended_ = code == 0;
      // A full buffer may leave output behind that needs no more input.
      flushing_ = target.pos == target.size && !frame_ended_;
      if (target.pos > 0) return static_cast<int64_t>(target.pos);
    }
  }

 private:
  struct Free {
    void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
  };

  const std::unique_ptr<ByteReader> input_;
  std::vector<char> buffer_;
  const std::unique_ptr<ZSTD_DStream, Free> stream_;
  ZSTD_inBuffer pending_{nullptr, 0, 0};
  bool frame_ended_ = false;
  bool flushing_ = false;
};

}  // namespace

Result<std::unique_ptr<ByteReader>> OpenZstd(std::unique_ptr<ByteReader> input) {
  return std::make_unique<ZstdReader>(std::move(input));
}

}  // namespace millrace
