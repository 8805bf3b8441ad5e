#pragma once

#include <string_view>

namespace millrace {

/// The type of a component without one that stands in that place ("HttpRequester.error_handler");
/// empty: there is no default.
std::string_view DefaultTypeOf(std::string_view place);
/// The same for one that has a `class_name`.
std::string_view CustomTypeOf(std::string_view place);

}  // namespace millrace
