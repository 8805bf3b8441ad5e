#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/byte_reader.h"
#include "base/result.h"

namespace millrace {

enum class Compression { kNone, kGzip, kZip, kZstd, kBzip2, kXz };

/// "gzip", "zip" …: pandas' names.
std::string_view ToString(Compression compression);
std::optional<Compression> CompressionFromString(std::string_view name);
/// By the end of a file's name: "data.csv.gz"; kNone for any other.
Compression CompressionOfName(std::string_view file_name);
/// By a file's first bytes (six are enough); kNone for any other.
Compression CompressionOfBytes(std::string_view first);

/// What `input` holds, decompressed as it is read, within a few hundred KiB of memory. Data that is
/// corrupted or cut short is a config error, never an early end. Of a zip archive the one file in
/// it is read, or the one named `member`. Several gzip members or zstd frames in a row are one.
Result<std::unique_ptr<ByteReader>> Decompress(std::unique_ptr<ByteReader> input,
                                               Compression compression,
                                               const std::string& member = "");

// The readers behind Decompress, and how much those that can choose read at once.
inline constexpr size_t kCompressedBytesAtOnce = 64 << 10;
Result<std::unique_ptr<ByteReader>> OpenGzip(std::unique_ptr<ByteReader> input);
Result<std::unique_ptr<ByteReader>> OpenZstd(std::unique_ptr<ByteReader> input);
/// zip, bzip2 and xz.
Result<std::unique_ptr<ByteReader>> OpenArchive(std::unique_ptr<ByteReader> input,
                                                Compression compression, const std::string& member);

}  // namespace millrace
