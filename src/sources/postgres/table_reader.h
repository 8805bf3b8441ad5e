#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "connector/source.h"
#include "sources/postgres/copy_decoder.h"
#include "sources/postgres/snapshot.h"
#include "sources/postgres/stream_plan.h"

namespace millrace {

/// Runs one COPY of a stream's rows at the snapshot and emits them. What a partition and a cursor
/// read share. One thread.
class TableReader {
 public:
  struct Relation {
    std::string schema;
    std::string name;
  };

  TableReader(StreamPlan& plan, Snapshot& snapshot, SourceOutput& output, std::stop_token stop)
      : plan_(plan), snapshot_(snapshot), output_(output), stop_(std::move(stop)) {}

  /// Opens the stream. Before Read.
  Status Open();

  /// Reads the rows of `relation` (the table, or a leaf of it) that `select` (a SELECT statement
  /// that gives the plan's columns, then `hidden_fields` more) returns. While nothing was emitted,
  /// a transient failure is tried again, twice. `filter` may be null.
  Status Read(const Relation& relation, const std::string& select, int hidden_fields = 0,
              RowFilter* filter = nullptr);

 private:
  Status ReadOnce(const Relation& relation, const std::string& select, int hidden_fields,
                  RowFilter* filter, bool* may_repeat);
  Status CheckUnchanged(PgConnection& connection, const Relation& relation);
  Status Emit(RowBatch& batch);

  StreamPlan& plan_;
  Snapshot& snapshot_;
  SourceOutput& output_;
  const std::stop_token stop_;
  SchemaPtr opened_;
};

}  // namespace millrace
