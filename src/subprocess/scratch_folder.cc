#include "subprocess/scratch_folder.h"

#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>

#include "base/file_io.h"

namespace millrace {

Result<ScratchFolder> ScratchFolder::Make() {
  std::error_code code;
  const auto parent = std::filesystem::temp_directory_path(code);
  if (code) return ErrnoError(code.value(), "finding the folder for temporary files");
  std::string path = (parent / "millrace-XXXXXX").string();
  if (::mkdtemp(path.data()) == nullptr) return ErrnoError(errno, "making " + path);
  return ScratchFolder(path);
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;  // what is left is the system's to clean
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace millrace
