#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "sources/postgres/column_type.h"

namespace millrace {

/// A row of pg_type, as far as reading needs it.
struct PgType {
  std::string name;
  std::string schema;
  char kind = 'b';        // typtype: base, domain, enum, range, multirange
  uint32_t base = 0;      // of a domain
  int32_t modifier = -1;  // of a domain
  bool not_null = false;  // of a domain
  uint32_t element = 0;   // of an array
  bool is_array = false;
};
using PgTypes = std::map<uint32_t, PgType>;

/// A column's type as the catalog has it.
struct PgColumnType {
  uint32_t oid = 0;
  int32_t modifier = -1;
  /// format_type(): "numeric(15,2)".
  std::string text;
  /// Declared with more than one dimension: int[][].
  bool multi_dimensional = false;
};

/// What a column of this type becomes: the table in TYPES.md. Types that are not in `types`
/// (composites) and those without a simple binary form are read as the server's text.
ColumnType MapType(const PgColumnType& column, const PgTypes& types);

/// Whether a domain among the column's types forbids NULL.
bool DomainForbidsNull(uint32_t oid, const PgTypes& types);

}  // namespace millrace
