#pragma once

#include <span>
#include <string_view>

namespace millrace {

/// The names that a directive stands for in the C locale: A, a, B, b, p; of Z those that Python
/// reads where the machine's zone is UTC. Empty for any other.
std::span<const std::string_view> PyTimeNames(char directive);

}  // namespace millrace
