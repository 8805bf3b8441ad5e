#include "clients/postgres/private_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "base/file_io.h"

namespace millrace {

Result<std::unique_ptr<PrivateFile>> PrivateFile::Create(std::string_view content) {
  std::error_code code;
  const std::filesystem::path folder = std::filesystem::temp_directory_path(code);
  if (code) return ErrnoError(code.value(), "finding the temporary folder");
  std::string path = folder / "millrace-XXXXXX";
  const int fd = mkostemp(path.data(), O_CLOEXEC);  // mode 0600
  if (fd < 0) return ErrnoError(errno, "making a temporary file in " + folder.string());
  std::unique_ptr<PrivateFile> file(new PrivateFile(std::move(path)));
  while (!content.empty()) {
    const ssize_t n = write(fd, content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      const int error = errno;
      close(fd);
      return ErrnoError(error, "writing the temporary file " + file->path());
    }
    content.remove_prefix(static_cast<size_t>(n));
  }
  close(fd);
  return file;
}

PrivateFile::~PrivateFile() { unlink(path_.c_str()); }

}  // namespace millrace
