#pragma once

#include <cstdint>
#include <string>

namespace millrace {

/// "1,234,567".
std::string CountText(int64_t count);
/// "512 B", "1.2 MB", "3.4 GB" (decimal units).
std::string BytesText(int64_t bytes);

}  // namespace millrace
