#include "formats/json_documents.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace millrace {
namespace {

bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

}  // namespace

Status JsonDocuments::Fail(const char* what) const {
  return ConfigError("line {}: malformed JSON: {}", line_, what);
}

std::string JsonDocuments::Where() const {
  if (layout_ == Layout::kLines) return fmt::format("line {}", record_line_);
  return fmt::format("line {}, record {}", record_line_, records_);
}

Result<bool> JsonDocuments::Next() {
  if (covered_ >= 0) {
    text_.data()[covered_] = covered_char_;
    covered_ = -1;
  }
  if (!loaded_) {
    MR_RETURN_IF_ERROR(text_.MoveTo(0, line_));
    loaded_ = true;
  }
  return layout_ == Layout::kLines ? NextLine() : NextValue();
}

Result<bool> JsonDocuments::NextLine() {
  int64_t searched = at_;
  for (;;) {
    const char* const data = text_.data();
    const void* const found =
        searched < text_.size()
            ? std::memchr(data + searched, '\n', static_cast<size_t>(text_.size() - searched))
            : nullptr;
    if (found == nullptr && !text_.ended()) {
      searched = text_.size() - at_;
      MR_RETURN_IF_ERROR(text_.MoveTo(at_, line_));
      at_ = 0;
      continue;
    }
    if (found == nullptr && at_ >= text_.size()) return false;
    const int64_t end = found != nullptr ? static_cast<const char*>(found) - data : text_.size();
    const int64_t start = at_;
    record_ = {data + start, static_cast<size_t>(end - start)};
    record_line_ = line_;
    record_offset_ = text_.base() + start;
    at_ = found != nullptr ? end + 1 : end;
    line_ += found != nullptr ? 1 : 0;
    searched = at_;
    if (!std::all_of(record_.begin(), record_.end(), IsSpace)) {
      ++records_;
      return true;
    }
  }
}

Result<bool> JsonDocuments::SkipSpace() {
  for (;;) {
    for (; at_ < text_.size(); ++at_) {
      const char c = text_.data()[at_];
      if (!IsSpace(c)) return true;
      if (c == '\n') ++line_;
    }
    if (text_.ended()) return false;
    MR_RETURN_IF_ERROR(text_.MoveTo(at_, line_));
    at_ = 0;
  }
}

Status JsonDocuments::FindEnd(int64_t* end) {
  int64_t look = 0;  // from at_
  int depth = 0;
  bool string = false;
  for (;; ++look) {
    if (at_ + look >= text_.size()) {
      if (text_.ended()) {
        if (string || depth > 0) return Fail("the text ends in the middle of this value");
        break;
      }
      MR_RETURN_IF_ERROR(text_.MoveTo(at_, line_));
      at_ = 0;
      if (look >= text_.size()) {
        --look;
        continue;
      }
    }
    const char c = text_.data()[at_ + look];
    if (string) {
      if (c == '\\') {
        ++look;
      } else if (c == '"') {
        string = false;
        if (depth == 0) break;
      }
    } else if (c == '"') {
      string = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      // Of what kind the bracket is, the scanner checks. A lone one ends a scalar.
      if (depth == 0) break;
      if (--depth == 0) {
        ++look;
        *end = at_ + look;
        return Status::Ok();
      }
    } else if (depth == 0 && (c == ',' || IsSpace(c))) {
      break;
    }
  }
  if (at_ + look < text_.size() && text_.data()[at_ + look] == '"') ++look;
  *end = std::min(at_ + look, text_.size());
  return Status::Ok();
}

Result<bool> JsonDocuments::NextValue() {
  MR_ASSIGN_OR_RETURN(bool more, SkipSpace());
  if (!begun_) {
    begun_ = true;
    if (!more) return ConfigError("the file is empty: it holds no JSON");
    in_array_ = text_.data()[at_] == '[';
    if (in_array_) {
      ++at_;
      MR_ASSIGN_OR_RETURN(more, SkipSpace());
      if (more && text_.data()[at_] == ']') {
        ++at_;
        array_closed_ = true;
        MR_ASSIGN_OR_RETURN(more, SkipSpace());
      }
    }
  } else if (in_array_ && !array_closed_ && more) {
    const char c = text_.data()[at_];
    if (c != ',' && c != ']') return Fail("',' or ']' is expected between records");
    ++at_;
    array_closed_ = c == ']';
    MR_ASSIGN_OR_RETURN(more, SkipSpace());
  }
  if (array_closed_ && more) return Fail("something follows the array of records");
  if (in_array_ && !array_closed_ && !more) return Fail("the array of records is not closed");
  if (!more) return false;
  int64_t end = 0;
  MR_RETURN_IF_ERROR(FindEnd(&end));
  if (end == at_) return Fail("a record is expected");
  record_ = {text_.data() + at_, static_cast<size_t>(end - at_)};
  record_line_ = line_;
  record_offset_ = text_.base() + at_;
  ++records_;
  line_ += std::count(record_.begin(), record_.end(), '\n');
  at_ = end;
  // The scanner wants a control character behind the text: the padding, or this one for a while.
  covered_ = end;
  covered_char_ = text_.data()[end];
  text_.data()[end] = '\0';
  return true;
}

}  // namespace millrace
