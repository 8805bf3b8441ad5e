#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/result.h"
#include "files/file_input.h"
#include "formats/decompressor.h"

namespace millrace {

/// How a text lies in its file.
struct TextForm {
  std::string encoding = "utf-8";
  std::optional<Compression> compression;  ///< none: by the file's name and first bytes
  std::string zip_member;                  ///< empty: the only one
};

/// A file's bytes as UTF-8 text: decompressed and, when it is in another encoding, converted.
/// Offsets are those of the text. A plain value; the file outlives it.
class TextInput {
 public:
  /// Finds out how the file is compressed, by the form, its name and its first bytes.
  static Result<TextInput> Make(TextForm form, FileInput& file);

  /// Reads from `offset` on, at most `size` bytes (-1: to the end). Where the text is not what the
  /// file holds, everything before `offset` is read, too.
  Result<std::unique_ptr<ByteReader>> Open(int64_t offset, int64_t size) const;

  /// Where the text begins: behind its byte order mark, when it has one.
  Result<int64_t> DataOffset() const;

  /// The text is the file: it has a size, and any part of it can be had.
  bool ranged() const { return ranged_; }
  int64_t size() const { return size_; }

 private:
  TextInput(TextForm form, FileInput& file) : file_(&file), form_(std::move(form)) {}

  FileInput* file_;
  TextForm form_;
  Compression compression_ = Compression::kNone;
  bool ranged_ = false;
  int64_t size_ = -1;
};

}  // namespace millrace
