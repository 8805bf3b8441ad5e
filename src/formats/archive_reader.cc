#include <archive.h>
#include <archive_entry.h>

#include <cerrno>

#include <utility>
#include <vector>

#include "formats/decompressor.h"

namespace millrace {
namespace {

/// One file out of what libarchive can open. The callbacks run inside Read, on its thread.
class ArchiveReader : public ByteReader {
 public:
  ArchiveReader(std::unique_ptr<ByteReader> input, Compression compression, std::string member)
      : input_(std::move(input)),
        compression_(compression),
        member_(std::move(member)),
        buffer_(kCompressedBytesAtOnce),
        archive_(archive_read_new()) {}

  Status Start() {
    archive* const a = archive_.get();
    int code = ARCHIVE_OK;
    if (compression_ == Compression::kZip) {
      code = archive_read_support_format_zip_streamable(a);
    } else {
      archive_read_support_format_raw(a);
      code = compression_ == Compression::kBzip2 ? archive_read_support_filter_bzip2(a)
                                                 : archive_read_support_filter_xz(a);
    }
    if (code != ARCHIVE_OK) return Failure("can't be read here");
    if (archive_read_open(a, this, nullptr, &ArchiveReader::Fill, nullptr) != ARCHIVE_OK) {
      return Failure("is corrupted or something else");
    }
    MR_ASSIGN_OR_RETURN(const bool found, NextFile());
    // What does not begin as it should would be handed through as it is.
    const bool coded = archive_filter_code(a, 0) != ARCHIVE_FILTER_NONE;
    if (compression_ != Compression::kZip && !coded) {
      return ConfigError("the file is no {} data", ToString(compression_));
    }
    if (found) return Status::Ok();
    if (member_.empty()) return ConfigError("the zip archive holds no file");
    return ConfigError("the zip archive holds no file '{}'", member_);
  }

  Result<int64_t> Read(char* out, int64_t size) override {
    if (ended_ || size <= 0) return int64_t{0};
    const la_ssize_t got = archive_read_data(archive_.get(), out, static_cast<size_t>(size));
    if (got < 0) return Failure("is corrupted or cut short");
    if (got > 0) return static_cast<int64_t>(got);
    ended_ = true;
    if (compression_ == Compression::kZip && member_.empty()) {
      const std::string first = file_name_;
      MR_ASSIGN_OR_RETURN(const bool another, NextFile());
      if (another) {
        return ConfigError(
            "the zip archive holds more than one file ('{}', '{}'): name one (reader_options: "
            "{{\"compression\": {{\"method\": \"zip\", \"member\": \"{}\"}}}})",
            first, file_name_, first);
      }
    }
    return int64_t{0};
  }

 private:
  struct Free {
    void operator()(archive* a) const { archive_read_free(a); }
  };

  static la_ssize_t Fill(archive* a, void* self, const void** block) {
    auto* const reader = static_cast<ArchiveReader*>(self);
    Result<int64_t> got =
        reader->input_->Read(reader->buffer_.data(), static_cast<int64_t>(reader->buffer_.size()));
    if (!got.ok()) {
      reader->input_status_ = got.status();
      archive_set_error(a, EIO, "input failed");
      return -1;
    }
    *block = reader->buffer_.data();
    return static_cast<la_ssize_t>(*got);
  }

  Status Failure(std::string_view what) const {
    if (!input_status_.ok()) return input_status_;
    const char* const detail = archive_error_string(archive_.get());
    return ConfigError("the {} data {} ({})", ToString(compression_), what,
                       detail != nullptr ? detail : "unknown");
  }

  /// Goes to the next file wanted; false at the archive's end.
  Result<bool> NextFile() {
    for (;;) {
      archive_entry* entry = nullptr;
      const int code = archive_read_next_header(archive_.get(), &entry);
      if (code == ARCHIVE_EOF) return false;
      if (code != ARCHIVE_OK && code != ARCHIVE_WARN) return Failure("is corrupted or cut short");
      if (compression_ != Compression::kZip) return true;
      const char* const name = archive_entry_pathname(entry);
      file_name_ = name != nullptr ? name : "";
      const bool folder = file_name_.empty() || file_name_.ends_with('/');
      // What a Mac adds to the archives that it makes.
      if (folder || file_name_.starts_with("__MACOSX/")) continue;
      if (member_.empty() || file_name_ == member_) return true;
    }
  }

  const std::unique_ptr<ByteReader> input_;
  const Compression compression_;
  const std::string member_;
  std::vector<char> buffer_;
  const std::unique_ptr<archive, Free> archive_;
  std::string file_name_;
  Status input_status_;
  bool ended_ = false;
};

}  // namespace

Result<std::unique_ptr<ByteReader>> OpenArchive(std::unique_ptr<ByteReader> input,
                                                Compression compression,
                                                const std::string& member) {
  auto reader = std::make_unique<ArchiveReader>(std::move(input), compression, member);
  MR_RETURN_IF_ERROR(reader->Start());
  return std::unique_ptr<ByteReader>(std::move(reader));
}

}  // namespace millrace
