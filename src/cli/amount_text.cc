#include "cli/amount_text.h"

#include <fmt/format.h>

namespace millrace {

std::string CountText(int64_t count) {
  const std::string digits = std::to_string(count);
  std::string text;
  for (size_t i = 0; i < digits.size(); ++i) {
    const bool group = i > 0 && digits[i - 1] != '-' && (digits.size() - i) % 3 == 0;
    if (group) text += ',';
    text += digits[i];
  }
  return text;
}

std::string CountText(int64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", CountText(count), noun, count == 1 ? "" : "s");
}

std::string BytesText(int64_t bytes) {
  constexpr const char* kUnits[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
  if (bytes < 1000) return fmt::format("{} B", bytes);
  double amount = static_cast<double>(bytes);
  const char* unit = "";
  for (const char* next : kUnits) {
    if (amount < 999.5) break;
    amount /= 1000;
    unit = next;
  }
  return fmt::format("{:.{}f} {}", amount, amount < 9.95 ? 1 : 0, unit);
}

}  // namespace millrace
