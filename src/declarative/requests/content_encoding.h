#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace millrace {

/// Undoes gzip ("gzip", "x-gzip", with or without several members) and deflate (with and without
/// zlib's frame); encodings may be listed. Others stay as they are. As urllib3 has it, what is cut
/// short is no failure and comes as far as it got; broken data is a ContentDecodingError. More
/// than `bytes_max` bytes are a config error.
Result<std::string> UndoContentEncoding(std::string body, std::string_view encoding,
                                        int64_t bytes_max);

/// Undoes gzip as Python's gzip module: what is cut short is an EOFError, what isn't gzip a
/// BadGzipFile, broken data an error ("Error -3 …").
Result<std::string> Gunzip(std::string_view data, int64_t bytes_max);

}  // namespace millrace
