#pragma once

#include <string_view>

#include "base/result.h"
#include "connector/source.h"

namespace millrace {

/// The column that a source adds for what its records have beyond their schema, where that is kept
/// (undeclared_fields: keep). No selection of columns leaves it out.
inline constexpr std::string_view kUndeclaredColumn = "_airbyte_additional_properties";

/// The schema of `stream` with that column, of json_text(), at its end. A config error: the stream
/// has one of that name already.
Result<SchemaPtr> WithUndeclaredColumn(const ConfiguredStream& stream,
                                       const arrow::Schema& schema);

}  // namespace millrace
