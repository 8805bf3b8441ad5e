#include "connector/undeclared_column.h"

#include <arrow/type.h>

#include "connector/number_type.h"

namespace millrace {

Result<SchemaPtr> WithUndeclaredColumn(const ConfiguredStream& stream,
                                       const arrow::Schema& schema) {
  const std::string name(kUndeclaredColumn);
  if (schema.GetFieldIndex(name) >= 0) {
    return ConfigError(
        "stream {} has a column {} of its own: undeclared fields can't be kept in it (set "
        "undeclared_fields: count)",
        stream.descriptor().ToString(), name);
  }
  arrow::FieldVector fields = schema.fields();
  fields.push_back(arrow::field(name, json_text()));
  return arrow::schema(std::move(fields), schema.metadata());
}

}  // namespace millrace
