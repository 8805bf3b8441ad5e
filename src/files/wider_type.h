#pragma once

#include <arrow/type_fwd.h>

#include <memory>

#include "connector/source.h"

namespace millrace {

/// The type that holds the values of both without losing any: numbers of different kinds become
/// number(), lists and structs join their children, a date beside local times becomes one of them,
/// other scalars text, whatever is left json_text().
std::shared_ptr<arrow::DataType> WiderType(const std::shared_ptr<arrow::DataType>& a,
                                           const std::shared_ptr<arrow::DataType>& b);

/// The columns of both: those of `a` first, each in the type that holds either's values.
SchemaPtr JoinSchemas(const SchemaPtr& a, const SchemaPtr& b);

}  // namespace millrace
