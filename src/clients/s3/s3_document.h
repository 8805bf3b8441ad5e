#pragma once

#include <memory>
#include <pugixml.hpp>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace millrace {

/// A reply's XML document with this root; a transient error when it is something else (a proxy's
/// page, a cut document).
Result<std::unique_ptr<pugi::xml_document>> ParseS3Document(std::string_view body, const char* root,
                                                            std::string_view what);

/// A key of a document that may be percent-encoded ('+' for a blank).
std::string DecodeKey(std::string_view text, bool encoded);
/// `text` between tags.
std::string EscapeXml(std::string_view text);
/// "2009-10-12T17:50:30.000Z" or "Mon, 12 Oct 2009 17:50:30 GMT"; the epoch when it is neither.
WallTime ParseS3Time(const std::string& text);
/// -1 when it isn't a number.
int64_t ParseS3Size(std::string_view text);

}  // namespace millrace
