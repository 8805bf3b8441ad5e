#pragma once

#include <string_view>

namespace millrace {

/// The column that a source adds for what its records have beyond their schema, where that is kept
/// (undeclared_fields: keep). No selection of columns leaves it out.
inline constexpr std::string_view kUndeclaredColumn = "_airbyte_additional_properties";

}  // namespace millrace
