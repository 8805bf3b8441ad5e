#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/byte_reader.h"
#include "base/result.h"

namespace millrace {

/// Whether the encoding (Python's name for it) is UTF-8 already, with or without a byte order mark.
bool IsUtf8(std::string_view encoding);

/// What `input` holds in `encoding`, as UTF-8. A config error when nobody knows the encoding; bytes
/// that it doesn't have are a config error when they are met.
Result<std::unique_ptr<ByteReader>> ConvertToUtf8(std::unique_ptr<ByteReader> input,
                                                  const std::string& encoding);

}  // namespace millrace
