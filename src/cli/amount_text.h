#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace {

/// "1,234,567".
std::string CountText(int64_t count);
/// "1 record", "2,000 records".
std::string CountText(int64_t count, std::string_view noun);
/// "512 B", "1.2 MB", "3.4 GB" (decimal units).
std::string BytesText(int64_t bytes);

}  // namespace millrace
