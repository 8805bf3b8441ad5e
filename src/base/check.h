#pragma once

#include <string_view>

namespace millrace {

/// Writes the message and where it happened to stderr and aborts. For broken invariants only:
/// never for what a user, a file or a server can cause.
[[noreturn]] void Abort(const char* file, int line, const char* condition,
                        std::string_view message);

}  // namespace millrace

/// Aborts unless `condition` holds, in every build type.
#define MR_CHECK(condition, message)                                                \
  do {                                                                              \
    if (!(condition)) ::millrace::Abort(__FILE__, __LINE__, #condition, (message)); \
  } while (false)
