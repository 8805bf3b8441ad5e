#pragma once

#include <string>

#include "clients/postgres/sql_text.h"

namespace millrace {

/// A table of the destination's database. A plain value.
struct TableName {
  std::string schema;
  std::string name;

  auto operator<=>(const TableName&) const = default;
  /// As SQL spells it.
  std::string Sql() const { return QualifiedName(schema, name); }
  /// For people: "public.users".
  std::string ToString() const { return schema + "." + name; }
};

/// What PostgreSQL cuts names at.
inline constexpr size_t kIdentifierBytesMax = 63;

}  // namespace millrace
