#pragma once

#include <chrono>
#include <optional>

#include "clients/http/http_message.h"

namespace millrace {

/// The pause that a reply's Retry-After asks for, in seconds or until a date; nullopt when it asks
/// for none or can't be read. Never negative.
std::optional<std::chrono::milliseconds> RetryAfter(const HttpResponseHead& head);

}  // namespace millrace
