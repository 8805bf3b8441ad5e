#include "formats/avro_codec.h"

#include <arrow/util/compression.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "connector/arrow_status.h"

namespace millrace {
namespace {

constexpr std::array<std::pair<std::string_view, AvroCodec>, 4> kNames = {{
    {"null", AvroCodec::kNull},
    {"deflate", AvroCodec::kDeflate},
    {"snappy", AvroCodec::kSnappy},
    {"zstandard", AvroCodec::kZstandard},
}};

constexpr int kRawDeflate = -15;  // no header, the largest window
constexpr size_t kChecksumBytes = 4;
constexpr size_t kGrowBytes = 64 << 10;

Status Damaged(AvroCodec codec) {
  return ConfigError("the block is damaged: it is no {} data", AvroCodecName(codec));
}

Status TooLarge(int64_t bytes_max) {
  return ConfigError("the block unpacks to more than {} MiB", bytes_max >> 20);
}

uint32_t Crc(std::string_view bytes) {
  return static_cast<uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
}

Status Deflate(int level, std::string_view block, std::string& out) {
  z_stream stream = {};
  if (deflateInit2(&stream, level < 0 ? Z_DEFAULT_COMPRESSION : level, Z_DEFLATED, kRawDeflate, 8,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    return SystemError("zlib could not be started");
  }
  const size_t begin = out.size();
  const uLong bound = deflateBound(&stream, static_cast<uLong>(block.size()));
  out.resize(begin + bound);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(block.data()));
  stream.avail_in = static_cast<uInt>(block.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data() + begin);
  stream.avail_out = static_cast<uInt>(bound);
  const int ended = deflate(&stream, Z_FINISH);
  out.resize(begin + stream.total_out);
  deflateEnd(&stream);
  return ended == Z_STREAM_END ? Status::Ok() : SystemError("zlib could not compress a block");
}

Result<std::string> Inflate(std::string_view packed, int64_t bytes_max) {
  z_stream stream = {};
  if (inflateInit2(&stream, kRawDeflate) != Z_OK) return SystemError("zlib could not be started");
  std::string out;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  int result = Z_OK;
  while (result == Z_OK && static_cast<int64_t>(stream.total_out) <= bytes_max) {
    out.resize(stream.total_out + std::max(kGrowBytes, out.size()));
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + stream.total_out);
    stream.avail_out = static_cast<uInt>(out.size() - stream.total_out);
    result = inflate(&stream, Z_NO_FLUSH);
    if (result == Z_OK && stream.avail_in == 0 && stream.avail_out > 0) break;  // cut short
  }
  out.resize(stream.total_out);
  inflateEnd(&stream);
  if (static_cast<int64_t>(out.size()) > bytes_max) return TooLarge(bytes_max);
  if (result != Z_STREAM_END) return Damaged(AvroCodec::kDeflate);
  return out;
}

Status Snap(std::string_view block, std::string& out) {
  MR_ARROW_ASSIGN_OR_RETURN(auto codec, arrow::util::Codec::Create(arrow::Compression::SNAPPY),
                            "starting snappy");
  const auto* in = reinterpret_cast<const uint8_t*>(block.data());
  const int64_t size = static_cast<int64_t>(block.size());
  const int64_t room = codec->MaxCompressedLen(size, in);
  const size_t begin = out.size();
  out.resize(begin + static_cast<size_t>(room));
  MR_ARROW_ASSIGN_OR_RETURN(
      const int64_t packed,
      codec->Compress(size, in, room, reinterpret_cast<uint8_t*>(out.data() + begin)),
      "compressing a block");
  out.resize(begin + static_cast<size_t>(packed));
  const uint32_t crc = Crc(block);
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(crc >> shift & 0xff);
  return Status::Ok();
}

Result<std::string> Unsnap(std::string_view packed, int64_t bytes_max) {
  if (packed.size() < kChecksumBytes) return Damaged(AvroCodec::kSnappy);
  const std::string_view data = packed.substr(0, packed.size() - kChecksumBytes);
  // The data begins with its size.
  uint64_t size = 0;
  size_t at = 0;
  for (int shift = 0;; shift += 7) {
    if (at >= data.size() || shift > 28) return Damaged(AvroCodec::kSnappy);
    const uint8_t byte = static_cast<uint8_t>(data[at++]);
    size |= uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) break;
  }
  if (size > static_cast<uint64_t>(bytes_max)) return TooLarge(bytes_max);
  // No copy of snappy's is longer than 64 bytes, and it takes two at least.
  if (size > data.size() * 64) return Damaged(AvroCodec::kSnappy);
  MR_ARROW_ASSIGN_OR_RETURN(auto codec, arrow::util::Codec::Create(arrow::Compression::SNAPPY),
                            "starting snappy");
  std::string out(size, '\0');
  const auto unpacked = codec->Decompress(
      static_cast<int64_t>(data.size()), reinterpret_cast<const uint8_t*>(data.data()),
      static_cast<int64_t>(size), reinterpret_cast<uint8_t*>(out.data()));
  if (!unpacked.ok() || *unpacked != static_cast<int64_t>(size)) return Damaged(AvroCodec::kSnappy);
  uint32_t crc = 0;
  for (const char c : packed.substr(data.size())) crc = crc << 8 | static_cast<uint8_t>(c);
  if (crc != Crc(out)) return ConfigError("the block is damaged: its checksum differs");
  return out;
}

Status Zstd(int level, bool checksum, std::string_view block, std::string& out) {
  const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(),
                                                                     &ZSTD_freeCCtx);
  if (context == nullptr) return SystemError("zstd could not be started");
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, level);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, checksum ? 1 : 0);
  const size_t begin = out.size();
  out.resize(begin + ZSTD_compressBound(block.size()));
  const size_t packed = ZSTD_compress2(context.get(), out.data() + begin, out.size() - begin,
                                       block.data(), block.size());
  if (ZSTD_isError(packed)) return SystemError("zstd: {}", ZSTD_getErrorName(packed));
  out.resize(begin + packed);
  return Status::Ok();
}

Result<std::string> Unzstd(std::string_view packed, int64_t bytes_max) {
  const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(),
                                                                     &ZSTD_freeDCtx);
  if (context == nullptr) return SystemError("zstd could not be started");
  // A window is memory: no writer of blocks needs more than 128 MiB.
  ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, 27);
  ZSTD_inBuffer in{packed.data(), packed.size(), 0};
  std::string out;
  size_t written = 0;
  size_t result = 1;
  while (result != 0) {
    out.resize(written + std::max(kGrowBytes, written));
    ZSTD_outBuffer room{out.data() + written, out.size() - written, 0};
    result = ZSTD_decompressStream(context.get(), &room, &in);
    if (ZSTD_isError(result)) return Damaged(AvroCodec::kZstandard);
    written += room.pos;
    if (static_cast<int64_t>(written) > bytes_max) return TooLarge(bytes_max);
    if (result != 0 && in.pos == in.size && room.pos < room.size) {
      return Damaged(AvroCodec::kZstandard);  // cut short
    }
  }
  out.resize(written);
  return out;
}

}  // namespace

std::optional<AvroCodec> AvroCodecFromName(std::string_view name) {
  for (const auto& [known, codec] : kNames) {
    if (known == name) return codec;
  }
  return std::nullopt;
}

std::string_view AvroCodecName(AvroCodec codec) {
  for (const auto& [name, known] : kNames) {
    if (known == codec) return name;
  }
  return "unknown";
}

Status CompressAvroBlock(AvroCodec codec, int level, bool checksum, std::string_view block,
                         std::string& out) {
  switch (codec) {
    case AvroCodec::kDeflate:
      return Deflate(level, block, out);
    case AvroCodec::kSnappy:
      return Snap(block, out);
    case AvroCodec::kZstandard:
      return Zstd(level, checksum, block, out);
    case AvroCodec::kNull:
      break;
  }
  out += block;
  return Status::Ok();
}

Result<std::string> DecompressAvroBlock(AvroCodec codec, std::string_view packed,
                                        int64_t bytes_max) {
  switch (codec) {
    case AvroCodec::kDeflate:
      return Inflate(packed, bytes_max);
    case AvroCodec::kSnappy:
      return Unsnap(packed, bytes_max);
    case AvroCodec::kZstandard:
      return Unzstd(packed, bytes_max);
    case AvroCodec::kNull:
      break;
  }
  if (static_cast<int64_t>(packed.size()) > bytes_max) return TooLarge(bytes_max);
  return std::string(packed);
}

}  // namespace millrace
