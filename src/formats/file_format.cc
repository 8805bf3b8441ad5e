#include "formats/file_format.h"

#include <array>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

namespace millrace {
namespace {

using Codec = FileFormat::Codec;

constexpr std::array<std::pair<std::string_view, Codec>, 6> kParquetCodecs = {{
    {"UNCOMPRESSED", Codec::kUncompressed},
    {"SNAPPY", Codec::kSnappy},
    {"GZIP", Codec::kGzip},
    {"BROTLI", Codec::kBrotli},
    {"LZ4", Codec::kLz4},
    {"ZSTD", Codec::kZstd},
}};

/// The text of `key`, or `absent` when there is none.
Result<std::string> TextOf(const Json& json, const char* key, std::string_view absent) {
  const auto found = json.find(key);
  if (found == json.end() || found->is_null()) return std::string(absent);
  if (!found->is_string()) return ConfigError("format.{} must be a text", key);
  return found->get<std::string>();
}

/// A whole number of `unit` bytes between 1 and `units_max`.
Status ReadBytes(const Json& json, const char* key, int64_t unit, int64_t units_max,
                 int64_t& bytes) {
  const auto found = json.find(key);
  if (found == json.end() || found->is_null()) return Status::Ok();
  if (!found->is_number_integer() || found->get<int64_t>() < 1 ||
      found->get<int64_t>() > units_max) {
    return ConfigError("format.{} must be a whole number from 1 to {}", key, units_max);
  }
  bytes = found->get<int64_t>() * unit;
  return Status::Ok();
}

Result<FileFormat> ParquetFromJson(const Json& json) {
  FileFormat format;
  MR_ASSIGN_OR_RETURN(const std::string codec, TextOf(json, "compression_codec", "ZSTD"));
  if (codec == "LZO") {
    return ConfigError(
        "format.compression_codec LZO is not supported: no reader of today has it; choose ZSTD, "
        "SNAPPY, GZIP, BROTLI, LZ4 or UNCOMPRESSED");
  }
  bool known = false;
  for (const auto& [name, value] : kParquetCodecs) {
    if (codec != name) continue;
    format.codec = value;
    known = true;
  }
  if (!known) {
    return ConfigError(
        "format.compression_codec \"{}\" is not one of ZSTD, SNAPPY, GZIP, BROTLI, LZ4, "
        "UNCOMPRESSED",
        codec);
  }
  MR_RETURN_IF_ERROR(ReadBytes(json, "block_size_mb", int64_t{1} << 20, 2047, format.block_bytes));
  MR_RETURN_IF_ERROR(ReadBytes(json, "page_size_kb", 1024, 1 << 20, format.page_bytes));
  MR_RETURN_IF_ERROR(
      ReadBytes(json, "dictionary_page_size_kb", 1024, 1 << 20, format.dictionary_bytes));
  int64_t ignored = 0;  // padding is for block-based file systems: checked, without effect
  MR_RETURN_IF_ERROR(ReadBytes(json, "max_padding_size_mb", 1, 1 << 20, ignored));
  if (const auto found = json.find("dictionary_encoding"); found != json.end()) {
    if (!found->is_boolean())
      return ConfigError("format.dictionary_encoding must be true or false");
    format.dictionary = found->get<bool>();
  }
  return format;
}

Result<Codec> TextCodecFromJson(const Json& json) {
  const auto found = json.find("compression");
  if (found == json.end() || found->is_null()) return Codec::kGzip;
  if (!found->is_object()) {
    return ConfigError("format.compression must be an object with compression_type");
  }
  auto compression = TextOf(*found, "compression_type", "GZIP");
  if (!compression.ok()) return compression.status();
  if (*compression == "GZIP") return Codec::kGzip;
  if (*compression == "No Compression") return Codec::kUncompressed;
  return ConfigError(
      "format.compression.compression_type \"{}\" is not one of \"GZIP\", \"No Compression\"",
      *compression);
}

Result<FileFormat> TextFromJson(const Json& json, FileFormat::Type type) {
  FileFormat format;
  format.type = type;
  auto flattening = TextOf(json, "flattening", "No flattening");
  if (!flattening.ok()) return flattening.status();
  if (*flattening != "No flattening" && *flattening != "Root level flattening") {
    return ConfigError(
        "format.flattening \"{}\" is not one of \"No flattening\", \"Root level flattening\"",
        *flattening);
  }
  format.flatten = *flattening == "Root level flattening";
  MR_ASSIGN_OR_RETURN(format.codec, TextCodecFromJson(json));
  return format;
}

/// Airbyte's compression_codec of Avro: an object, its codec in its own spelling.
Result<FileFormat> AvroFromJson(const Json& json) {
  FileFormat format;
  format.type = FileFormat::Type::kAvro;
  format.codec = Codec::kUncompressed;
  const auto found = json.find("compression_codec");
  if (found == json.end() || found->is_null()) return format;
  if (!found->is_object())
    return ConfigError("format.compression_codec must be an object with codec");
  MR_ASSIGN_OR_RETURN(const std::string codec, TextOf(*found, "codec", "no compression"));
  const auto level = [&](int absent, int least, int most) -> Result<int> {
    const auto given = found->find("compression_level");
    if (given == found->end() || given->is_null()) return absent;
    if (!given->is_number_integer() || given->get<int64_t>() < least ||
        given->get<int64_t>() > most) {
      return ConfigError("format.compression_codec.compression_level must be from {} to {}", least,
                         most);
    }
    return given->get<int>();
  };
  if (codec == "no compression") return format;
  if (codec == "Deflate") {
    format.codec = Codec::kDeflate;
    MR_ASSIGN_OR_RETURN(format.codec_level, level(0, 0, 9));
  } else if (codec == "zstandard") {
    format.codec = Codec::kZstd;
    MR_ASSIGN_OR_RETURN(format.codec_level, level(3, -5, 22));
    if (const auto sum = found->find("include_checksum"); sum != found->end()) {
      if (!sum->is_boolean()) {
        return ConfigError("format.compression_codec.include_checksum must be true or false");
      }
      format.codec_checksum = sum->get<bool>();
    }
  } else if (codec == "snappy") {
    format.codec = Codec::kSnappy;
  } else if (codec == "bzip2" || codec == "xz") {
    return ConfigError(
        "format.compression_codec.codec {} is not supported for Avro; choose zstandard, Deflate, "
        "snappy or no compression",
        codec);
  } else {
    return ConfigError(
        "format.compression_codec.codec \"{}\" is not one of \"no compression\", Deflate, "
        "zstandard, snappy",
        codec);
  }
  return format;
}

}  // namespace

std::string FileFormat::Extension() const {
  const std::string packed = codec == Codec::kGzip ? ".gz" : "";
  switch (type) {
    case Type::kCsv:
      return ".csv" + packed;
    case Type::kJsonl:
      return ".jsonl" + packed;
    case Type::kAvro:
      return ".avro";
    case Type::kParquet:
      break;
  }
  return ".parquet";
}

Result<FileFormat> FileFormatFromJson(const Json& json) {
  if (!json.is_object()) {
    return ConfigError("format must be an object with format_type Parquet, CSV, JSONL or Avro");
  }
  MR_ASSIGN_OR_RETURN(const std::string type, TextOf(json, "format_type", "Parquet"));
  if (type == "Parquet") return ParquetFromJson(json);
  if (type == "CSV") return TextFromJson(json, FileFormat::Type::kCsv);
  if (type == "JSONL") return TextFromJson(json, FileFormat::Type::kJsonl);
  if (type == "Avro") return AvroFromJson(json);
  return ConfigError("format.format_type \"{}\" is not one of Parquet, CSV, JSONL, Avro", type);
}

}  // namespace millrace
