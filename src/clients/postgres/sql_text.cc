#include "clients/postgres/sql_text.h"

namespace millrace {

std::string QuoteIdentifier(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string QualifiedName(std::string_view schema, std::string_view name) {
  return QuoteIdentifier(schema) + '.' + QuoteIdentifier(name);
}

std::string QuoteLiteral(std::string_view text) {
  std::string quoted = "'";
  bool escaped = false;
  for (const char c : text) {
    if (c == '\'' || c == '\\') quoted += c;
    escaped |= c == '\\';
    quoted += c;
  }
  quoted += '\'';
  return escaped ? " E" + quoted : quoted;
}

}  // namespace millrace
