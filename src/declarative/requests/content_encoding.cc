#include "declarative/requests/content_encoding.h"

#include <zlib.h>

#include <algorithm>

#include "base/lower_case.h"
#include "declarative/jinja/py_error.h"

namespace millrace {
namespace {

constexpr int kGzipWindow = 16 + MAX_WBITS;
constexpr int kZlibWindow = MAX_WBITS;
constexpr int kRawWindow = -MAX_WBITS;

enum class InflateEnd { kComplete, kCut, kBroken, kTooLarge };

/// A zlib stream that ends with its scope.
class Inflater {
 public:
  explicit Inflater(int window) { ready_ = inflateInit2(&stream_, window) == Z_OK; }
  ~Inflater() {
    if (ready_) inflateEnd(&stream_);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  /// Appends one stream's content, and moves `data` behind it.
  InflateEnd Run(std::string_view* data, int64_t bytes_max, std::string* out) {
    if (!ready_) return InflateEnd::kBroken;
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data->data()));
    stream_.avail_in = static_cast<uInt>(data->size());
    char piece[64 * 1024];
    for (;;) {
      stream_.next_out = reinterpret_cast<Bytef*>(piece);
      stream_.avail_out = sizeof piece;
      const int code = inflate(&stream_, Z_NO_FLUSH);
      out->append(piece, sizeof piece - stream_.avail_out);
      if (static_cast<int64_t>(out->size()) > bytes_max) return InflateEnd::kTooLarge;
      if (code == Z_STREAM_END) {
        data->remove_prefix(data->size() - stream_.avail_in);
        return InflateEnd::kComplete;
      }
      if (code == Z_BUF_ERROR || (code == Z_OK && stream_.avail_in == 0 && stream_.avail_out > 0)) {
        return InflateEnd::kCut;
      }
      if (code != Z_OK) return InflateEnd::kBroken;
    }
  }

 private:
  z_stream stream_{};
  bool ready_ = false;
};

Status TooLarge(int64_t bytes_max) {
  return ConfigError("the reply has more than {} bytes when it is unpacked: ask for smaller pages",
                     bytes_max);
}

Status Broken(std::string_view encoding) {
  return PyError("ContentDecodingError", "the reply's " + std::string(encoding) +
                                             " encoding is broken (Error -3 while decompressing)");
}

Result<std::string> UndoGzip(std::string_view data, int64_t bytes_max) {
  std::string out;
  for (bool first = true; !data.empty(); first = false) {
    const InflateEnd end = Inflater(kGzipWindow).Run(&data, bytes_max, &out);
    if (end == InflateEnd::kTooLarge) return TooLarge(bytes_max);
    if (end == InflateEnd::kCut) break;
    if (end == InflateEnd::kBroken) {
      // What follows whole members and is none itself is ignored.
      if (first) return Broken("gzip");
      break;
    }
  }
  return out;
}

Result<std::string> UndoDeflate(std::string_view data, int64_t bytes_max) {
  for (const int window : {kZlibWindow, kRawWindow}) {
    std::string out;
    std::string_view rest = data;
    const InflateEnd end = Inflater(window).Run(&rest, bytes_max, &out);
    if (end == InflateEnd::kTooLarge) return TooLarge(bytes_max);
    if (end != InflateEnd::kBroken) return out;
  }
  return Broken("deflate");
}

}  // namespace

Result<std::string> UndoContentEncoding(std::string body, std::string_view encoding,
                                        int64_t bytes_max) {
  // Applied from the first to the last, so undone from the last.
  std::string names = LowerCaseOf(encoding);
  names.erase(std::remove(names.begin(), names.end(), ' '), names.end());
  while (!names.empty()) {
    const size_t comma = names.rfind(',');
    const std::string name = comma == std::string::npos ? names : names.substr(comma + 1);
    names.resize(comma == std::string::npos ? 0 : comma);
    if (body.empty()) break;
    if (name == "gzip" || name == "x-gzip") {
      MR_ASSIGN_OR_RETURN(body, UndoGzip(body, bytes_max));
    } else if (name == "deflate") {
      MR_ASSIGN_OR_RETURN(body, UndoDeflate(body, bytes_max));
    }
  }
  return body;
}

Result<std::string> Gunzip(std::string_view data, int64_t bytes_max) {
  std::string out;
  while (!data.empty()) {
    if (!data.starts_with("\x1f\x8b")) {
      // Zeros may follow the last member.
      if (!out.empty() && data.find_first_not_of('\0') == std::string_view::npos) break;
      return PyError("BadGzipFile", "Not a gzipped file");
    }
    switch (Inflater(kGzipWindow).Run(&data, bytes_max, &out)) {
      case InflateEnd::kComplete:
        break;
      case InflateEnd::kCut:
        return PyError("EOFError",
                       "Compressed file ended before the end-of-stream marker was reached");
      case InflateEnd::kBroken:
        return PyError("error", "Error -3 while decompressing data: the gzip data is broken");
      case InflateEnd::kTooLarge:
        return TooLarge(bytes_max);
    }
  }
  return out;
}

}  // namespace millrace
