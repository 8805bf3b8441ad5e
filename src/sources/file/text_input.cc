#include "sources/file/text_input.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "formats/text_converter.h"
#include "sources/file/bounded_reader.h"

namespace millrace {
namespace {

constexpr int64_t kDiscardBytes = 256 << 10;

/// A name without the query that an address may have.
std::string_view PathOf(const std::string& url) {
  return std::string_view(url).substr(0, url.find('?'));
}

}  // namespace

Result<TextInput> TextInput::Make(const FileConfig& config, FileInput& file) {
  TextInput text(config, file);
  MR_ASSIGN_OR_RETURN(const FileFacts facts, file.Stat());
  if (config.options.compression) {
    text.compression_ = *config.options.compression;
  } else {
    text.compression_ = CompressionOfName(PathOf(config.url));
    // No store gives out a part of nothing.
    if (text.compression_ == Compression::kNone && facts.size != 0) {
      MR_ASSIGN_OR_RETURN(const std::unique_ptr<ByteReader> reader, file.Open(0, 6));
      std::string head(6, '\0');
      size_t got = 0;
      for (int64_t more = 1; more > 0 && got < head.size(); got += static_cast<size_t>(more)) {
        MR_ASSIGN_OR_RETURN(
            more, reader->Read(head.data() + got, static_cast<int64_t>(head.size() - got)));
      }
      text.compression_ = CompressionOfBytes(std::string_view(head).substr(0, got));
    }
  }
  text.ranged_ = facts.ranged && facts.size >= 0 && text.compression_ == Compression::kNone &&
                 IsUtf8(config.options.encoding);
  text.size_ = text.ranged_ ? facts.size : -1;
  return text;
}

Result<std::unique_ptr<ByteReader>> TextInput::Open(int64_t offset, int64_t size) const {
  if (ranged_) return file_->Open(offset, size);
  MR_ASSIGN_OR_RETURN(std::unique_ptr<ByteReader> bytes, file_->Open(0, -1));
  MR_ASSIGN_OR_RETURN(bytes, Decompress(std::move(bytes), compression_, options_->zip_member));
  MR_ASSIGN_OR_RETURN(bytes, ConvertToUtf8(std::move(bytes), options_->encoding));
  std::vector<char> discarded(static_cast<size_t>(std::min(offset, kDiscardBytes)));
  while (offset > 0) {
    MR_ASSIGN_OR_RETURN(const int64_t got,
                        bytes->Read(discarded.data(), std::min(offset, kDiscardBytes)));
    if (got == 0) break;
    offset -= got;
  }
  return std::make_unique<BoundedReader>(std::move(bytes), size);
}

}  // namespace millrace
