#include "subprocess/last_lines.h"

namespace millrace {

void LastLines::Append(std::string_view text) {
  for (size_t end; (end = text.find('\n')) != std::string_view::npos; text.remove_prefix(end + 1)) {
    Grow(text.substr(0, end));
    Take();
  }
  Grow(text);
}

void LastLines::End() { Take(); }

void LastLines::Grow(std::string_view part) {
  const size_t room = kLineBytesMax - line_.size();
  line_.append(part.substr(0, room));
  cut_ |= part.size() > room;
}

void LastLines::Take() {
  if (line_.ends_with('\r')) line_.pop_back();
  if (!line_.empty()) {
    if (cut_) line_ += "…";
    if (on_line_) on_line_(line_);
    if (lines_.size() == kLinesMax) lines_.pop_front();
    lines_.push_back(std::move(line_));
  }
  line_.clear();
  cut_ = false;
}

}  // namespace millrace
