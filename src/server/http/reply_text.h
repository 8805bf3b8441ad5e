#pragma once

#include <string>

#include "server/http/http_message.h"

namespace millrace {

/// A reply's status line and headers, as they stand on the wire, to the empty line: with the length
/// of its body, or chunked when it comes in pieces.
std::string ReplyHead(const HttpResponse& response, bool keep_alive);

/// What stands before the bytes of a chunk; kChunkEnd stands behind them.
std::string ChunkHead(size_t bytes);
inline constexpr std::string_view kChunkEnd = "\r\n";
/// What ends a chunked reply.
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

/// A reply for what the server itself does not take: {"message": …}. `message` needs no escaping.
HttpResponse Refusal(int status, std::string_view message);

}  // namespace millrace
