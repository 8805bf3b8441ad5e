#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "connector/change_batch.h"
#include "connector/source.h"

namespace millrace {

/// `rows` with what PostgreSQL can't hold as null, each with an entry in `changes` (sorted by row):
/// text with zero bytes or that is not UTF-8, dates outside its calendar, JSON that jsonb refuses,
/// values of about a gigabyte. Digits finer than microseconds are cut, with an entry. Nested
/// columns come out as JSON text; `_airbyte_meta` stays as it is.
Result<std::shared_ptr<arrow::RecordBatch>> FitValues(
    const std::shared_ptr<arrow::RecordBatch>& rows, std::vector<FieldChange>& changes);

/// Whether jsonb takes this JSON text: no \u0000, no half of a surrogate pair, no number beyond
/// numeric, no string beyond 256 MiB.
bool FitsJsonb(std::string_view json);

}  // namespace millrace
