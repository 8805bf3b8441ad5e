#include "formats/decompressor.h"

#include <utility>

#include "base/lower_case.h"

namespace millrace {
namespace {

struct Form {
  Compression compression;
  std::string_view name, suffix, magic;
};

constexpr Form kForms[] = {
    {Compression::kGzip, "gzip", ".gz", "\x1F\x8B"},
    {Compression::kZip, "zip", ".zip", "PK\x03\x04"},
    {Compression::kZstd, "zstd", ".zst", "\x28\xB5\x2F\xFD"},
    {Compression::kBzip2, "bz2", ".bz2", "BZh"},
    {Compression::kXz, "xz", ".xz", "\xFD\x37zXZ"},
};

}  // namespace

std::string_view ToString(Compression compression) {
  for (const Form& form : kForms) {
    if (form.compression == compression) return form.name;
  }
  return "none";
}

std::optional<Compression> CompressionFromString(std::string_view name) {
  for (const Form& form : kForms) {
    if (form.name == name) return form.compression;
  }
  return std::nullopt;
}

Compression CompressionOfName(std::string_view file_name) {
  const std::string lower = LowerCaseOf(file_name);
  for (const Form& form : kForms) {
    if (lower.ends_with(form.suffix)) return form.compression;
  }
  return Compression::kNone;
}

Compression CompressionOfBytes(std::string_view first) {
  for (const Form& form : kForms) {
    if (first.starts_with(form.magic)) return form.compression;
  }
  return Compression::kNone;
}

Result<std::unique_ptr<ByteReader>> Decompress(std::unique_ptr<ByteReader> input,
                                               Compression compression, const std::string& member) {
  switch (compression) {
    case Compression::kNone:
      return input;
    case Compression::kGzip:
      return OpenGzip(std::move(input));
    case Compression::kZstd:
      return OpenZstd(std::move(input));
    default:
      return OpenArchive(std::move(input), compression, member);
  }
}

}  // namespace millrace
