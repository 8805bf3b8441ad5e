#pragma once

#include "base/result.h"
#include "connector/change_batch.h"
#include "connector/source.h"

namespace millrace {

/// The one column of a stream without a schema: the whole record, as JSON.
inline constexpr const char* kSchemalessColumn = "data";

/// {data: json_text()}.
const SchemaPtr& SchemalessSchema();

/// Each row as one JSON object in the column `data`.
Result<ChangeBatch> WrapRows(const ChangeBatch& batch);

}  // namespace millrace
