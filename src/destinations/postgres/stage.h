#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "destinations/postgres/existing_table.h"
#include "destinations/postgres/row_marks.h"
#include "destinations/postgres/table_name.h"

namespace millrace {

// Columns of a staging table beside the stream's own. They go before a reader sees it.
inline constexpr const char* kSequenceColumn = "_millrace_sequence";
inline constexpr const char* kUnsentColumn = "_millrace_unsent";
inline constexpr const char* kChangeColumn = "_millrace_change";
inline constexpr const char* kEmptyColumn = "_millrace_empty";

/// One staging table, hidden in the internal schema, that the lanes of a stream fill together with
/// rows of one schema. What a lane writes between two flushes is a *piece*; the sequence number of
/// a row begins with its piece's, so that each piece's rows can be told. A plain value.
struct Stage {
  TableName table;
  std::vector<TargetColumn> columns;
  RowMarks marks;
  /// Not logged: a crash of the server empties it, which the row counts show.
  bool logged = true;

  /// "name" type …, the marks included.
  std::string Definitions() const;
  /// Names of the columns, the marks included: COPY's list.
  std::string ColumnList() const;
  std::vector<std::string> MarkColumns() const;
};

/// The first sequence number of a piece. A piece has fewer than 2^36 rows, a load fewer than 2^27
/// pieces.
inline int64_t FirstSequence(int64_t piece) { return piece << 36; }

/// What a lane wrote between two flushes: durable, hidden.
struct StagedPiece {
  TableName stage;
  int64_t piece = 0;
  int64_t rows = 0;
  bool null_keys = false;  ///< some part of some key is null
  bool unsent = false;     ///< some row lacks values that the source did not send
  bool truncates = false;  ///< every row of the stream before it is void
};

}  // namespace millrace
