#pragma once

#include <string_view>

#include "server/http/http_message.h"

namespace millrace {

/// openapi.yaml, compiled in.
std::string_view OpenApiText();

/// The same as a reply.
HttpResponse OpenApiDocument();

}  // namespace millrace
