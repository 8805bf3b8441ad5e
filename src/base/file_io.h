#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace millrace {

/// The whole file; a config error that names the path when it is not there or not readable.
/// Refuses files above `bytes_max`.
Result<std::string> ReadFile(const std::filesystem::path& path, int64_t bytes_max = 256 << 20);

/// Replaces the file in one step: a reader sees the old content or the new, also after a crash.
/// The new content is durable (fsync of file and folder) when this returns. Makes missing folders.
/// `mode` is the new file's permissions.
Status WriteFileAtomically(const std::filesystem::path& path, std::string_view content,
                           unsigned mode = 0644);

/// Makes what was created, renamed or removed in `folder` durable (fsync of the folder).
Status SyncFolder(const std::filesystem::path& folder);

/// An errno as an Error of the right type: a missing file, no permission, a full disk are the
/// user's to mend (config error); the rest is a system error. `doing` is a gerund: "opening
/// data.csv".
Status ErrnoError(int error_number, std::string_view doing);

}  // namespace millrace
