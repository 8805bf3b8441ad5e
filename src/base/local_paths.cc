#include "base/local_paths.h"

#include <algorithm>
#include <system_error>

#include "base/file_io.h"

namespace millrace {
namespace {

/// Empty: no rule. Written once, before there are threads.
std::filesystem::path confined_to;

bool LiesBelow(const std::filesystem::path& path, const std::filesystem::path& folder) {
  return std::mismatch(folder.begin(), folder.end(), path.begin(), path.end()).first ==
         folder.end();
}

}  // namespace

Status ConfineLocalPaths(const std::filesystem::path& files_dir) {
  std::error_code code;
  std::filesystem::create_directories(files_dir, code);
  if (!code) confined_to = std::filesystem::canonical(files_dir, code);
  return code ? ErrnoError(code.value(), "making " + files_dir.string()) : Status::Ok();
}

Result<std::filesystem::path> ResolveLocalPath(const std::filesystem::path& path) {
  if (confined_to.empty()) return path;
  std::filesystem::path meant = path.is_absolute() ? path : confined_to / path;
  if (LiesBelow(path, "/local")) meant = confined_to / path.lexically_relative("/local");
  std::error_code code;
  const std::filesystem::path resolved = std::filesystem::weakly_canonical(meant, code);
  if (code) return ErrnoError(code.value(), "finding " + path.string());
  if (LiesBelow(resolved, confined_to)) return resolved;
  return ConfigError(
      "{} lies outside of the folder that connectors of this server may use; put files below {} "
      "(/local/… means the same), or start the server with another --files-dir",
      path.string(), confined_to.string());
}

}  // namespace millrace
