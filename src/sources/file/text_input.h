#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "sources/file/file_config.h"
#include "sources/file/file_input.h"

namespace millrace {

/// A file's bytes as UTF-8 text: decompressed and, when it is in another encoding, converted.
/// Offsets are those of the text. A plain value; the file outlives it.
class TextInput {
 public:
  /// Finds out how the file is compressed, by the option, its name and its first bytes.
  static Result<TextInput> Make(const FileConfig& config, FileInput& file);

  /// Reads from `offset` on, at most `size` bytes (-1: to the end). Where the text is not what the
  /// file holds, everything before `offset` is read, too.
  Result<std::unique_ptr<ByteReader>> Open(int64_t offset, int64_t size) const;

  /// The text is the file: it has a size, and any part of it can be had.
  bool ranged() const { return ranged_; }
  int64_t size() const { return size_; }

 private:
  TextInput(const FileConfig& config, FileInput& file) : file_(&file), options_(&config.options) {}

  FileInput* file_;
  const ReaderOptions* options_;
  Compression compression_ = Compression::kNone;
  bool ranged_ = false;
  int64_t size_ = -1;
};

}  // namespace millrace
