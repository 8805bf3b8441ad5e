#include "sources/file/text_cuts.h"

#include <cstring>
#include <memory>
#include <string>
#include <string_view>

namespace millrace {
namespace {

constexpr int64_t kPartBytes = 16 << 20;
constexpr int64_t kLookBytes = 16 << 10;

/// The offset behind the first line break in [from, until); `until` when there is none.
Result<int64_t> AfterLineBreak(const TextInput& text, int64_t from, int64_t until) {
  const std::unique_ptr<char[]> block(new char[kLookBytes]);
  while (from < until) {
    MR_ASSIGN_OR_RETURN(const std::unique_ptr<ByteReader> reader, text.Open(from, kLookBytes));
    int64_t got = 0;
    for (int64_t more = 1; more > 0 && got < kLookBytes; got += more) {
      MR_ASSIGN_OR_RETURN(more, reader->Read(block.get() + got, kLookBytes - got));
    }
    const void* const found = std::memchr(block.get(), '\n', static_cast<size_t>(got));
    if (found != nullptr) return from + (static_cast<const char*>(found) - block.get()) + 1;
    if (got == 0) break;
    from += got;
  }
  return until;
}

}  // namespace

Result<std::vector<int64_t>> CutAtLineBreaks(const TextInput& text, int64_t begin) {
  std::vector<int64_t> starts = {begin};
  for (int64_t cut = begin + kPartBytes; cut < text.size(); cut += kPartBytes) {
    if (cut <= starts.back()) continue;  // inside a line that goes over the cut
    MR_ASSIGN_OR_RETURN(const int64_t start, AfterLineBreak(text, cut - 1, text.size()));
    if (start < text.size() && start > starts.back()) starts.push_back(start);
  }
  return starts;
}

}  // namespace millrace
