#include "lake/joined_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>

namespace millrace {
namespace {

constexpr int64_t kChunkBytes = int64_t{1} << 20;
/// The most that a note is: some ten thousand names.
constexpr int64_t kNoteBytesMax = int64_t{8} << 20;

/// Copies object `key`, without its first line when `skip_line`.
Status Append(ObjectStore& store, const std::string& key, bool skip_line, ObjectUpload& upload) {
  MR_ASSIGN_OR_RETURN(const auto reader, store.OpenReader(key));
  std::string chunk(kChunkBytes, '\0');
  char last = '\n';
  for (;;) {
    MR_ASSIGN_OR_RETURN(const int64_t size, reader->Read(chunk.data(), kChunkBytes));
    if (size == 0) break;
    std::string_view text(chunk.data(), static_cast<size_t>(size));
    if (skip_line) {
      const size_t end = text.find('\n');
      if (end == std::string_view::npos) continue;
      text.remove_prefix(end + 1);
      skip_line = false;
    }
    if (text.empty()) continue;
    last = text.back();
    MR_RETURN_IF_ERROR(upload.Write(text));
  }
  // A file of somebody else's may lack its last line's end.
  return last == '\n' ? Status::Ok() : upload.Write("\n");
}

Result<std::string> ReadNote(ObjectStore& store, const std::string& key) {
  MR_ASSIGN_OR_RETURN(const auto info, store.Head(key));
  if (info == nullptr || info->size > kNoteBytesMax) return std::string();
  return store.ReadRange(key, 0, info->size);
}

}  // namespace

Status JoinedFile::Join(ObjectStore& store, const std::vector<std::string>& parts) const {
  if (parts.empty()) return Status::Ok();
  const std::string made_of = fmt::format("{}\n", fmt::join(parts, "\n"));
  MR_ASSIGN_OR_RETURN(const auto there, store.Head(key));
  MR_ASSIGN_OR_RETURN(const std::string note, ReadNote(store, note_key));
  if (there != nullptr && note == made_of + std::to_string(there->size)) return Status::Ok();

  MR_ASSIGN_OR_RETURN(const auto upload, store.StartUpload(key));
  for (size_t i = 0; i < parts.size(); ++i) {
    MR_RETURN_IF_ERROR(Append(store, parts[i], has_header && i > 0, *upload));
  }
  MR_ASSIGN_OR_RETURN(const PendingUpload pending, upload->Finish());
  MR_RETURN_IF_ERROR(store.Complete(pending));
  MR_ASSIGN_OR_RETURN(const auto made, store.Head(key));
  if (made == nullptr) return SystemError("{} of {} is gone", key, store.Name());
  // A lost note costs one more copy.
  return store.PutRepeatable(note_key, made_of + std::to_string(made->size), {}).status();
}

}  // namespace millrace
