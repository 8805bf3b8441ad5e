#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace millrace {

/// A temporary file that only this user can read (mode 0600), removed when this object goes: for
/// libraries that take a key or certificate as a path only.
class PrivateFile {
 public:
  /// System error when the temporary folder can't be written.
  static Result<std::unique_ptr<PrivateFile>> Create(std::string_view content);
  ~PrivateFile();
  PrivateFile(const PrivateFile&) = delete;
  PrivateFile& operator=(const PrivateFile&) = delete;

  const std::string& path() const { return path_; }

 private:
  explicit PrivateFile(std::string path) : path_(std::move(path)) {}

  const std::string path_;
};

}  // namespace millrace
