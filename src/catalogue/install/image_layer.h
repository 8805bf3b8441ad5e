#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/byte_reader.h"
#include "base/result.h"

namespace millrace {

/// A file looked for in the layers of an image, from the last layer to the first.
struct ImageFile {
  std::string path;                    ///< "airbyte/…/manifest.yaml", without a slash before it
  std::optional<std::string> content;  ///< once a layer had it
  bool hidden = false;                 ///< a layer took it away: those below don't count

  bool open() const { return !content && !hidden; }
};

/// What a layer may be. A plain value.
struct LayerLimits {
  int64_t file_bytes_max = 16 << 20;       ///< of a file that is looked for
  int64_t unpacked_bytes_max = 4LL << 30;  ///< of the whole layer
  int64_t unpacked_ratio_max = 400;        ///< unpacked to packed, beyond the first 64 MiB
  int64_t entries_max = 2'000'000;         ///< files and folders
};

/// Reads one layer (tar; plain, gzip or zstd) to its end and fills in those `files` that are open
/// and stand in it, or that it hides: by a whiteout of the file or of a folder above it (OCI image
/// specification, "Layer Filesystem Changeset"), or by something else in that place. Nothing is
/// written to disk, whatever the entries are called. Config errors: no such archive, a broken or
/// cut-short one, a limit passed. One thread; a few hundred KiB and the files.
Status SearchLayer(ByteReader& layer, const LayerLimits& limits, std::stop_token stop,
                   std::vector<ImageFile>* files);

}  // namespace millrace
