#include "files/text_input.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "files/bounded_reader.h"
#include "formats/text_converter.h"

namespace millrace {
namespace {

constexpr int64_t kDiscardBytes = 256 << 10;

}  // namespace

Result<TextInput> TextInput::Make(TextForm form, FileInput& file) {
  TextInput text(std::move(form), file);
  MR_ASSIGN_OR_RETURN(const FileFacts facts, file.Stat());
  if (text.form_.compression) {
    text.compression_ = *text.form_.compression;
  } else {
    text.compression_ = CompressionOfName(file.name());
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
                 IsUtf8(text.form_.encoding);
  text.size_ = text.ranged_ ? facts.size : -1;
  return text;
}

Result<std::unique_ptr<ByteReader>> TextInput::Open(int64_t offset, int64_t size) const {
  if (ranged_) return file_->Open(offset, size);
  MR_ASSIGN_OR_RETURN(std::unique_ptr<ByteReader> bytes, file_->Open(0, -1));
  MR_ASSIGN_OR_RETURN(bytes, Decompress(std::move(bytes), compression_, form_.zip_member));
  MR_ASSIGN_OR_RETURN(bytes, ConvertToUtf8(std::move(bytes), form_.encoding));
  std::vector<char> discarded(static_cast<size_t>(std::min(offset, kDiscardBytes)));
  while (offset > 0) {
    MR_ASSIGN_OR_RETURN(const int64_t got,
                        bytes->Read(discarded.data(), std::min(offset, kDiscardBytes)));
    if (got == 0) break;
    offset -= got;
  }
  return std::make_unique<BoundedReader>(std::move(bytes), size);
}

Result<int64_t> TextInput::DataOffset() const {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  MR_ASSIGN_OR_RETURN(const std::unique_ptr<ByteReader> reader, Open(0, 3));
  std::string head(kByteOrderMark.size(), '\0');
  size_t got = 0;
  for (int64_t more = 1; more > 0 && got < head.size(); got += static_cast<size_t>(more)) {
    MR_ASSIGN_OR_RETURN(more,
                        reader->Read(head.data() + got, static_cast<int64_t>(head.size() - got)));
  }
  return head == kByteOrderMark ? 3 : 0;
}

}  // namespace millrace
