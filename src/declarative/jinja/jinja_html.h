#pragma once

#include <string>
#include <string_view>

namespace millrace {

/// markupsafe.escape: & < > " ' as entities.
std::string EscapedHtml(std::string_view text);
/// Markup.striptags: without comments and tags, the common entities resolved, white space as single
/// spaces.
std::string WithoutTags(std::string_view html);

}  // namespace millrace
