#include "lake/key_pattern.h"

namespace millrace {

bool KeyPattern::Matches(std::string_view key) const {
  if (fixed_parts.empty()) return false;
  const std::string& front = fixed_parts.front();
  if (!tells_parts_apart) {
    return key.starts_with(front.substr(0, front.find('.', front.rfind('/') + 1)));
  }
  // The first part stands at the front, the last at the end, the others in order between.
  if (!key.starts_with(front)) return false;
  size_t at = front.size();
  for (size_t i = 1; i + 1 < fixed_parts.size(); ++i) {
    const size_t found = key.find(fixed_parts[i], at);
    if (found == std::string_view::npos) return false;
    at = found + fixed_parts[i].size();
  }
  return key.size() >= at + fixed_parts.back().size() && key.ends_with(fixed_parts.back());
}

}  // namespace millrace
