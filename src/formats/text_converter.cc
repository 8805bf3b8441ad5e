#include "formats/text_converter.h"

#include <iconv.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

namespace millrace {
namespace {

constexpr size_t kConvertedAtOnce = 64 << 10;

/// Python's name in lower case with '-' for '_' and blanks.
std::string Plain(std::string_view encoding) {
  std::string name(encoding);
  for (char& c : name) {
    c = c == '_' || c == ' ' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return name;
}

/// Python's names that iconv doesn't have.
struct Alias {
  std::string_view python, iconv;
};
constexpr Alias kAliases[] = {
    {"latin-1", "ISO-8859-1"},   {"latin1", "ISO-8859-1"},      {"l1", "ISO-8859-1"},
    {"iso8859-1", "ISO-8859-1"}, {"iso8859-15", "ISO-8859-15"}, {"latin-9", "ISO-8859-15"},
    {"utf16", "UTF-16"},         {"utf32", "UTF-32"},           {"windows1252", "CP1252"},
    {"mbcs", "CP1252"},
};

class Converter : public ByteReader {
 public:
  Converter(std::unique_ptr<ByteReader> input, iconv_t converter, std::string encoding)
      : input_(std::move(input)),
        converter_(converter),
        encoding_(std::move(encoding)),
        buffer_(kConvertedAtOnce) {}
  ~Converter() override { iconv_close(converter_); }
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;

  Result<int64_t> Read(char* out, int64_t size) override {
    // Less than a character's room can't be filled: hand out what was converted aside.
    if (size <= 0) return int64_t{0};
    if (size < static_cast<int64_t>(sizeof(aside_))) {
      if (aside_begin_ == aside_end_) {
        MR_ASSIGN_OR_RETURN(aside_end_, Convert(aside_, sizeof(aside_)));
        aside_begin_ = 0;
      }
    }
    if (aside_begin_ < aside_end_) {
      const int64_t got = std::min(size, aside_end_ - aside_begin_);
      std::memcpy(out, aside_ + aside_begin_, static_cast<size_t>(got));
      aside_begin_ += got;
      return got;
    }
    return Convert(out, size);
  }

 private:
  Result<int64_t> Convert(char* out, int64_t size) {
    for (;;) {
      if (size_ == 0 || wants_more_) {
        MR_RETURN_IF_ERROR(Fill());
        if (size_ == 0) return int64_t{0};
        if (ended_ && wants_more_) {
          return ConfigError("the text ends in the middle of a {} character", encoding_);
        }
      }
      char* target = out;
      size_t room = static_cast<size_t>(size);
      char* source = buffer_.data() + begin_;
      size_t left = size_;
      const size_t code = iconv(converter_, &source, &left, &target, &room);
      const int error = errno;
      consumed_ += static_cast<int64_t>(size_ - left);
      begin_ = static_cast<size_t>(source - buffer_.data());
      size_ = left;
      if (code == static_cast<size_t>(-1) && error == EILSEQ && target == out) {
        return ConfigError("byte {} of the file is not {} text", consumed_ + 1, encoding_);
      }
      wants_more_ = code == static_cast<size_t>(-1) && error == EINVAL;
      if (target > out) return static_cast<int64_t>(target - out);
    }
  }

  Status Fill() {
    std::memmove(buffer_.data(), buffer_.data() + begin_, size_);
    begin_ = 0;
    MR_ASSIGN_OR_RETURN(
        const int64_t got,
        input_->Read(buffer_.data() + size_, static_cast<int64_t>(buffer_.size() - size_)));
    size_ += static_cast<size_t>(got);
    ended_ = got == 0;
    if (!ended_) wants_more_ = false;
    return Status::Ok();
  }

  const std::unique_ptr<ByteReader> input_;
  const iconv_t converter_;
  const std::string encoding_;
  std::vector<char> buffer_;
  size_t begin_ = 0, size_ = 0;
  bool wants_more_ = false;  // what is left is half a character
  bool ended_ = false;
  int64_t consumed_ = 0;
  char aside_[16];
  int64_t aside_begin_ = 0, aside_end_ = 0;
};

}  // namespace

bool IsUtf8(std::string_view encoding) {
  const std::string name = Plain(encoding);
  return name.empty() || name == "utf-8" || name == "utf8" || name == "utf-8-sig" ||
         name == "utf8-sig" || name == "ascii" || name == "us-ascii";
}

Result<std::unique_ptr<ByteReader>> ConvertToUtf8(std::unique_ptr<ByteReader> input,
                                                  const std::string& encoding) {
  if (IsUtf8(encoding)) return input;
  std::string name = Plain(encoding);
  for (const Alias& alias : kAliases) {
    if (alias.python == name) name = alias.iconv;
  }
  const iconv_t converter = iconv_open("UTF-8", name.c_str());
  if (converter == reinterpret_cast<iconv_t>(-1)) {
    return ConfigError("reader_options: the encoding '{}' is not known", encoding);
  }
  return std::make_unique<Converter>(std::move(input), converter, encoding);
}

}  // namespace millrace
