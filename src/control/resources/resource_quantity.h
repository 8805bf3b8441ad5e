#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace millrace {

// Amounts as Kubernetes, and so Airbyte's resource fields, write them: a decimal number, perhaps
// with an exponent ("1e9"), and a unit. Rounded up. Config errors say what is wrong with the text
// and what was probably meant; they don't name the field.

/// Bytes, 10^18 at most: no unit, k M G T P E (powers of 1000), Ki Mi Gi Ti Pi Ei (of 1024):
/// "512Mi", "1.5G".
Result<int64_t> MemoryBytesOf(std::string_view text);
/// Thousandths of a processor, of a million at most: no unit ("0.5"), or m ("500m").
Result<int64_t> CpuMillicoresOf(std::string_view text);

}  // namespace millrace
