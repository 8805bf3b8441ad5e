#pragma once

#include <string>
#include <string_view>

namespace millrace {

/// `name` as an SQL identifier: "order" → "\"order\"". Safe for any name.
std::string QuoteIdentifier(std::string_view name);

/// "schema"."name".
std::string QualifiedName(std::string_view schema, std::string_view name);

/// `text` as an SQL string constant that means the same whatever standard_conforming_strings is.
/// The text holds no zero byte.
std::string QuoteLiteral(std::string_view text);

}  // namespace millrace
