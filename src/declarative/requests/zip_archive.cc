#include "declarative/requests/zip_archive.h"

#include <archive.h>
#include <archive_entry.h>

#include <memory>

namespace millrace {
namespace {

struct FreeArchive {
  void operator()(struct archive* archive) const { archive_read_free(archive); }
};

Status NoZip(std::string detail) {
  return Status::Failed({FailureType::kSystemError,
                         "Received an invalid zip file in response.",
                         std::move(detail),
                         {}});
}

std::string Reason(struct archive* archive) {
  const char* text = archive_error_string(archive);
  return text == nullptr ? "" : text;
}

}  // namespace

Status ReadZipArchive(
    std::string_view archive, int64_t bytes_max,
    const std::function<Status(const std::string& name, std::string_view content)>& take) {
  // The directory at the end is what makes a zip file: without it nothing is read.
  if (archive.find("PK\x05\x06") == std::string_view::npos) return NoZip("it has no directory");
  const std::unique_ptr<struct archive, FreeArchive> reader(archive_read_new());
  archive_read_support_format_zip_seekable(reader.get());
  if (archive_read_open_memory(reader.get(), archive.data(), archive.size()) != ARCHIVE_OK) {
    return NoZip(Reason(reader.get()));
  }
  int64_t bytes = 0;
  for (;;) {
    struct archive_entry* entry = nullptr;
    const int code = archive_read_next_header(reader.get(), &entry);
    if (code == ARCHIVE_EOF) return Status::Ok();
    if (code != ARCHIVE_OK && code != ARCHIVE_WARN) return NoZip(Reason(reader.get()));
    const char* name = archive_entry_pathname(entry);
    std::string content;
    for (;;) {
      char piece[64 * 1024];
      const la_ssize_t got = archive_read_data(reader.get(), piece, sizeof piece);
      if (got < 0) return NoZip(Reason(reader.get()));
      if (got == 0) break;
      content.append(piece, static_cast<size_t>(got));
      bytes += got;
      if (bytes > bytes_max) {
        return ConfigError("the zip file in the reply unpacks to more than {} bytes", bytes_max);
      }
    }
    MR_RETURN_IF_ERROR(take(name == nullptr ? "" : name, content));
  }
}

}  // namespace millrace
