#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "base/stream_descriptor.h"
#include "sources/postgres/column_type.h"

namespace millrace {

/// A column of a table, and how it is read.
struct TableColumn {
  std::string name;
  ColumnType type;
  bool not_null = false;
};

/// Something that has pages of its own: a table, or one leaf of a partitioned table.
struct TablePart {
  std::string schema;
  std::string name;
  int64_t pages = 0;
  /// pg_class.relfilenode at the snapshot: another one after TRUNCATE, VACUUM FULL, CLUSTER.
  int64_t filenode = 0;
  /// Rows that were updated or deleted so far, as the server's statistics count them.
  int64_t changes = 0;
  /// Another one after ALTER TABLE: the id of the transaction that wrote its row in pg_class.
  int64_t version = 0;
};

/// A relation that can be a stream, as discovery found it. A plain value.
struct PostgresTable {
  uint32_t oid = 0;
  std::string schema;
  std::string name;
  char kind = 'r';  // pg_class.relkind: r, p, v, m, f
  std::vector<TableColumn> columns;
  std::vector<std::string> primary_key;
  /// What can be read by ranges of pages: the table itself or its leaves. Empty: it can only be
  /// read as a whole (views, foreign tables, old servers, row security, inheritance).
  std::vector<TablePart> parts;
  /// The planner's guess; negative: none.
  int64_t rows_estimate = -1;

  StreamDescriptor descriptor() const { return {name, schema}; }
  /// Whether a place in it can be named for a later sync: pages, of files that have a number.
  bool HasPages() const {
    return !parts.empty() && std::all_of(parts.begin(), parts.end(),
                                         [](const TablePart& part) { return part.filenode != 0; });
  }
  const TableColumn* FindColumn(const std::string& column) const {
    for (const TableColumn& candidate : columns) {
      if (candidate.name == column) return &candidate;
    }
    return nullptr;
  }
};

}  // namespace millrace
