#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/status.h"

namespace millrace {

/// Hands over the files of a zip archive in the order of its directory, unpacked; folders come as
/// empty ones. A system error when it is no such archive, or packs more than `bytes_max`.
Status ReadZipArchive(
    std::string_view archive, int64_t bytes_max,
    const std::function<Status(const std::string& name, std::string_view content)>& take);

}  // namespace millrace
