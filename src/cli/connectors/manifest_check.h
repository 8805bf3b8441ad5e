#pragma once

#include <filesystem>
#include <stop_token>

#include "base/result.h"
#include "catalogue/install/native_manifest.h"

namespace millrace {

/// Has a manifest's file read by the engine, in a process of its own (`connector
/// source-declarative-manifest spec`). See CheckManifest. Blocks up to a minute.
Result<CheckedManifest> CheckManifestFile(const std::filesystem::path& file, std::stop_token stop);

}  // namespace millrace
