#define PCRE2_CODE_UNIT_WIDTH 8
#include "declarative/jinja/py_regex.h"

#include <fmt/format.h>
#include <pcre2.h>

#include <deque>
#include <utility>

#include "declarative/jinja/py_error.h"

namespace millrace {
namespace {

/// More backtracking than any sane pattern needs: some tenths of a second.
constexpr uint32_t kMatchLimit = 2'000'000;
constexpr uint32_t kHeapLimitKib = 64 << 10;
constexpr size_t kPatternSizeMax = 64 << 10;
constexpr size_t kCachedPatternsMax = 64;

struct ContextDeleter {
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};

std::string ErrorText(int code) {
  PCRE2_UCHAR text[256] = {};
  pcre2_get_error_message(code, text, sizeof(text));
  return reinterpret_cast<const char*>(text);
}

PCRE2_SPTR BytesOf(std::string_view text) { return reinterpret_cast<PCRE2_SPTR>(text.data()); }

}  // namespace

struct PyRegex::Compiled {
  explicit Compiled(pcre2_code* code) : code(code), context(pcre2_match_context_create(nullptr)) {
    pcre2_set_match_limit(context.get(), kMatchLimit);
    pcre2_set_heap_limit(context.get(), kHeapLimitKib);
  }
  ~Compiled() { pcre2_code_free(code); }

  pcre2_code* const code;
  const std::unique_ptr<pcre2_match_context, ContextDeleter> context;
};

PyRegex::PyRegex(std::unique_ptr<Compiled> compiled) : compiled_(std::move(compiled)) {
  uint32_t count = 0;
  pcre2_pattern_info(compiled_->code, PCRE2_INFO_CAPTURECOUNT, &count);
  group_count_ = count;
}

PyRegex::~PyRegex() = default;

Result<std::shared_ptr<const PyRegex>> PyRegex::Make(std::string_view pattern) {
  thread_local std::deque<std::pair<std::string, std::shared_ptr<const PyRegex>>> cache;
  for (const auto& [text, regex] : cache) {
    if (text == pattern) return regex;
  }
  if (pattern.size() > kPatternSizeMax) return PyError("error", "the pattern is too long");
  MR_ASSIGN_OR_RETURN(const std::string translated, PcrePattern(pattern));
  int code = 0;
  PCRE2_SIZE offset = 0;
  const uint32_t options =
      PCRE2_UTF | PCRE2_UCP | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C;
  pcre2_code* const compiled =
      pcre2_compile(BytesOf(translated), translated.size(), options, &code, &offset, nullptr);
  if (compiled == nullptr) {
    return PyError("error", fmt::format("{} in the pattern {}", ErrorText(code), pattern));
  }
  std::shared_ptr<const PyRegex> regex(new PyRegex(std::make_unique<Compiled>(compiled)));
  if (cache.size() == kCachedPatternsMax) cache.pop_back();
  cache.emplace_front(pattern, regex);
  return regex;
}

Result<std::optional<PyRegex::Groups>> PyRegex::Search(std::string_view text, size_t start,
                                                       bool not_empty_at_start) const {
  const std::unique_ptr<pcre2_match_data, ContextDeleter> data(
      pcre2_match_data_create_from_pattern(compiled_->code, nullptr));
  const int count = pcre2_match(compiled_->code, BytesOf(text), text.size(), start,
                                not_empty_at_start ? PCRE2_NOTEMPTY_ATSTART : 0, data.get(),
                                compiled_->context.get());
  if (count == PCRE2_ERROR_NOMATCH) return std::optional<Groups>();
  if (count < 0) return PyError("error", fmt::format("matching: {}", ErrorText(count)));
  const PCRE2_SIZE* const ends = pcre2_get_ovector_pointer(data.get());
  Groups groups(group_count_ + 1);
  for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
    if (ends[2 * i] != PCRE2_UNSET) groups[i] = {ends[2 * i], ends[2 * i + 1]};
  }
  return std::optional(std::move(groups));
}

std::optional<size_t> PyRegex::GroupOf(std::string_view name) const {
  const int number =
      pcre2_substring_number_from_name(compiled_->code, BytesOf(std::string(name).c_str()));
  return number > 0 ? std::optional(static_cast<size_t>(number)) : std::nullopt;
}

}  // namespace millrace
