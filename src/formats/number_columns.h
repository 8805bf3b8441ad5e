#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "connector/change_batch.h"
#include "connector/destination.h"

namespace millrace {

/// Names of top-level columns whose numbers are kept as text.
using TextNumbers = std::set<std::string>;

/// True when the type is number() or holds one.
bool HoldsNumbers(const arrow::DataType& type);

/// The schema of a file with typed columns: each number() becomes a double, a decimal(38, 9) or,
/// in the columns of `text` and with NumberFormat::kString, text. Where a value may have to become
/// null, the column allows it.
SchemaPtr NumberSchemaOf(const SchemaPtr& schema, NumberFormat format, const TextNumbers& text);

struct ConvertedNumbers {
  std::shared_ptr<arrow::RecordBatch> rows;  ///< null when `unfit` is not empty
  std::vector<FieldChange> changes;          ///< values that became null, sorted by row
  /// With NumberFormat::kAuto: columns with a value that no double holds. Nothing was converted:
  /// add them to `text` and go on with a new file.
  std::vector<std::string> unfit;
};

/// `rows` in `schema`, which NumberSchemaOf made with the same arguments.
Result<ConvertedNumbers> ConvertNumbers(const std::shared_ptr<arrow::RecordBatch>& rows,
                                        const SchemaPtr& schema, NumberFormat format);

/// The double that reads back as exactly this canonical number; false when there is none.
bool ExactDouble(std::string_view canonical, double& value);

}  // namespace millrace
