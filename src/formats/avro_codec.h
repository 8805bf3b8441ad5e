#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace millrace {

/// The length of the mark behind the header and each block of an Avro file.
inline constexpr int64_t kAvroSyncBytes = 16;

/// How the blocks of an Avro file are compressed.
enum class AvroCodec { kNull, kDeflate, kSnappy, kZstandard };

/// "null", "deflate" …: as `avro.codec` of a file's header has it; none for any other.
std::optional<AvroCodec> AvroCodecFromName(std::string_view name);
std::string_view AvroCodecName(AvroCodec codec);

/// Appends to `out` what a block becomes. `level` is the codec's own; -1 its default.
Status CompressAvroBlock(AvroCodec codec, int level, bool checksum, std::string_view block,
                         std::string& out);

/// What a block was, at most `bytes_max` of it. A config error when it is damaged or larger.
Result<std::string> DecompressAvroBlock(AvroCodec codec, std::string_view packed,
                                        int64_t bytes_max);

}  // namespace millrace
