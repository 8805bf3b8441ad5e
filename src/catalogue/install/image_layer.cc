#include "catalogue/install/image_layer.h"

#include <archive.h>
#include <archive_entry.h>

#include <cerrno>
#include <memory>
#include <string_view>

namespace millrace {
namespace {

constexpr int64_t kFreeBytes = 64 << 20;

/// "./a//b/" is "a/b". What leads out of the root names nothing that is looked for.
std::string PlainPath(std::string_view path) {
  std::string plain;
  while (!path.empty()) {
    const size_t slash = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, slash);
    path.remove_prefix(std::min(slash + 1, path.size()));
    if (part.empty() || part == ".") continue;
    if (!plain.empty()) plain += '/';
    plain += part;
  }
  return plain;
}

bool IsBelow(std::string_view path, std::string_view folder) {
  return folder.empty() ||
         (path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/');
}

/// One pass over a layer's archive. The callback runs inside libarchive's calls, on their thread.
class LayerSearch {
 public:
  LayerSearch(ByteReader& input, const LayerLimits& limits, std::stop_token stop,
              std::vector<ImageFile>* files)
      : input_(input),
        limits_(limits),
        stop_(std::move(stop)),
        files_(*files),
        wanted_(files->size()),
        hides_(files->size(), false),
        buffer_(64 << 10),
        archive_(archive_read_new()) {
    for (size_t i = 0; i < files_.size(); ++i) wanted_[i] = files_[i].open();
  }

  Status Run() {
    archive* const a = archive_.get();
    archive_read_support_filter_gzip(a);
    archive_read_support_filter_zstd(a);
    archive_read_support_format_tar(a);
    archive_read_support_format_gnutar(a);
    if (archive_read_open(a, this, nullptr, &LayerSearch::Fill, nullptr) != ARCHIVE_OK) {
      return Failure();
    }
    for (int64_t entries = 0;; ++entries) {
      if (stop_.stop_requested()) return Status::Canceled();
      if (entries >= limits_.entries_max) {
        return ConfigError("a layer has more than {} files", limits_.entries_max);
      }
      archive_entry* entry = nullptr;
      const int code = archive_read_next_header(a, &entry);
      if (code == ARCHIVE_EOF) break;
      if (code != ARCHIVE_OK && code != ARCHIVE_WARN) return Failure();
      MR_RETURN_IF_ERROR(TakeEntry(entry));
    }
    // What a layer hides is in the layers below it, never what it brings itself.
    for (size_t i = 0; i < files_.size(); ++i) {
      if (files_[i].open() && hides_[i]) files_[i].hidden = true;
    }
    return Status::Ok();
  }

 private:
  struct Free {
    void operator()(archive* a) const { archive_read_free(a); }
  };

  static la_ssize_t Fill(archive* a, void* self, const void** block) {
    auto* const search = static_cast<LayerSearch*>(self);
    Result<int64_t> got =
        search->input_.Read(search->buffer_.data(), static_cast<int64_t>(search->buffer_.size()));
    if (!got.ok()) {
      search->input_status_ = got.status();
      archive_set_error(a, EIO, "input failed");
      return -1;
    }
    *block = search->buffer_.data();
    return static_cast<la_ssize_t>(*got);
  }

  Status Failure() const {
    if (!input_status_.ok()) return input_status_;
    const char* const detail = archive_error_string(archive_.get());
    return ConfigError("a layer is no tar archive, broken or cut short ({})",
                       detail != nullptr ? detail : "unknown");
  }

  Status CheckSize() const {
    const int64_t unpacked = archive_filter_bytes(archive_.get(), 0);
    const int64_t packed = archive_filter_bytes(archive_.get(), -1);
    if (unpacked > limits_.unpacked_bytes_max) {
      return ConfigError("a layer unpacks to more than {} bytes", limits_.unpacked_bytes_max);
    }
    if (unpacked > kFreeBytes && unpacked / limits_.unpacked_ratio_max > packed) {
      return ConfigError("a layer unpacks to more than {} times its size",
                         limits_.unpacked_ratio_max);
    }
    return Status::Ok();
  }

  /// Marks what an entry hides in the layers below; null: its data don't matter.
  ImageFile* Place(archive_entry* entry) {
    const char* const name = archive_entry_pathname(entry);
    const std::string path = PlainPath(name != nullptr ? name : "");
    if (path.empty()) return nullptr;
    const size_t slash = path.rfind('/');
    const std::string folder = slash == std::string::npos ? "" : path.substr(0, slash);
    const std::string last = path.substr(slash == std::string::npos ? 0 : slash + 1);
    std::string gone = path;
    bool itself = true;
    if (last == ".wh..wh..opq") {
      gone = folder;
      itself = false;
    } else if (last.starts_with(".wh.")) {
      gone = (folder.empty() ? "" : folder + "/") + last.substr(4);
    } else if (archive_entry_filetype(entry) == AE_IFDIR &&
               archive_entry_hardlink(entry) == nullptr) {
      // A folder is merged with those below; in the place of a file it hides that.
      for (size_t i = 0; i < files_.size(); ++i) {
        if (wanted_[i] && files_[i].path == path) hides_[i] = true;
      }
      return nullptr;
    }
    ImageFile* found = nullptr;
    const bool regular = archive_entry_filetype(entry) == AE_IFREG &&
                         archive_entry_hardlink(entry) == nullptr && !last.starts_with(".wh.");
    for (size_t i = 0; i < files_.size(); ++i) {
      if (!wanted_[i]) continue;
      if (itself && files_[i].path == gone) {
        hides_[i] = true;
        if (regular) found = &files_[i];
      } else if (IsBelow(files_[i].path, gone)) {
        hides_[i] = true;
      }
    }
    return found;
  }

  Status TakeEntry(archive_entry* entry) {
    ImageFile* const file = Place(entry);
    std::string content;
    for (;;) {
      if (stop_.stop_requested()) return Status::Canceled();
      const void* block = nullptr;
      size_t size = 0;
      la_int64_t offset = 0;
      const int code = archive_read_data_block(archive_.get(), &block, &size, &offset);
      if (code == ARCHIVE_EOF) break;
      if (code != ARCHIVE_OK && code != ARCHIVE_WARN) return Failure();
      MR_RETURN_IF_ERROR(CheckSize());
      if (file == nullptr) continue;
      const auto end = static_cast<int64_t>(size) + offset;
      if (offset < 0 || end > limits_.file_bytes_max) {
        return ConfigError("{} is larger than {} bytes", file->path, limits_.file_bytes_max);
      }
      content.resize(static_cast<size_t>(offset), '\0');
      content.append(static_cast<const char*>(block), size);
    }
    if (file != nullptr) file->content = std::move(content);  // the last of that name counts
    return Status::Ok();
  }

  ByteReader& input_;
  const LayerLimits& limits_;
  const std::stop_token stop_;
  std::vector<ImageFile>& files_;
  std::vector<bool> wanted_, hides_;
  std::vector<char> buffer_;
  const std::unique_ptr<archive, Free> archive_;
  Status input_status_;
};

}  // namespace

Status SearchLayer(ByteReader& layer, const LayerLimits& limits, std::stop_token stop,
                   std::vector<ImageFile>* files) {
  return LayerSearch(layer, limits, std::move(stop), files).Run();
}

}  // namespace millrace
