#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "connector/change_batch.h"
#include "connector/source.h"
#include "formats/avro_cursor.h"
#include "formats/avro_schema.h"

namespace millrace {

/// Turns records in Avro's binary encoding into the rows of record batches; see AvroType for the
/// columns' types. One thread.
class AvroDecoder {
 public:
  /// `columns` are the fields wanted; empty: all.
  static Result<std::unique_ptr<AvroDecoder>> Make(std::shared_ptr<const AvroType> record,
                                                   const std::set<std::string>& columns);
  ~AvroDecoder();

  const SchemaPtr& schema() const { return schema_; }

  /// Appends the record at the cursor. A config error says what is wrong with it; then the decoder
  /// is of no more use.
  Status Append(AvroCursor& cursor);

  int64_t rows() const { return rows_; }
  /// The rows since the last call. Values that had to be cut or left out are among the changes.
  Result<ChangeBatch> Finish();

 private:
  struct Column;

  AvroDecoder(std::shared_ptr<const AvroType> record, SchemaPtr schema);

  const std::shared_ptr<const AvroType> record_;
  const SchemaPtr schema_;
  std::vector<Column> columns_;  // per field of the record; those not wanted have no builder
  std::vector<FieldChange> changes_;
  int64_t rows_ = 0;
};

}  // namespace millrace
