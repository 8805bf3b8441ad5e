#pragma once

#include <string>
#include <string_view>

namespace millrace {

/// A JSON text with every string in it cut to `bytes_max` bytes of its text, or a few more: no
/// escape and no character is cut in half. For messages of which only the beginning is of use,
/// before a tree is made of them. What is no JSON stays none.
std::string WithShortStrings(std::string_view json, size_t bytes_max);

}  // namespace millrace
