#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "connector/change_batch.h"

namespace millrace {

// Airbyte's metadata columns, current names.
inline constexpr std::string_view kRawIdColumn = "_airbyte_raw_id";
inline constexpr std::string_view kExtractedAtColumn = "_airbyte_extracted_at";
inline constexpr std::string_view kMetaColumn = "_airbyte_meta";
inline constexpr std::string_view kGenerationIdColumn = "_airbyte_generation_id";

/// The type of _airbyte_meta: struct<sync_id: int64, changes: list<struct<field, change, reason:
/// utf8>>>, no level nullable.
const std::shared_ptr<arrow::DataType>& meta_type();

/// The column for `num_rows` rows with these changes (sorted by row).
Result<std::shared_ptr<arrow::Array>> MakeMetaColumn(int64_t num_rows, int64_t sync_id,
                                                     const std::vector<FieldChange>& changes);

/// `column` with more changes appended to its rows': for a writer that meets a value it can't
/// hold after the column was made.
Result<std::shared_ptr<arrow::Array>> AddMetaChanges(const arrow::Array& column,
                                                     const std::vector<FieldChange>& changes);

}  // namespace millrace
