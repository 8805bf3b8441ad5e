#pragma once

#include <cstdint>
#include <string>

#include "clients/http/http_options.h"

namespace millrace {

/// For tests: retries that hardly wait, deadlines that a loaded machine keeps.
inline HttpOptions QuickHttp() {
  using std::chrono::milliseconds;
  HttpOptions options;
  options.connect = milliseconds(20'000);
  options.stall = milliseconds(20'000);
  options.retry = {.attempts_max = 4, .first_delay = milliseconds(1), .delay_max = milliseconds(4)};
  return options;
}

/// For tests: bytes that differ from place to place, so that a wrong offset shows.
inline std::string VariedContent(size_t size) {
  std::string content(size, '\0');
  uint32_t state = 12345;
  for (char& c : content) c = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  return content;
}

}  // namespace millrace
